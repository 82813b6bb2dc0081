#!/bin/sh
# Everything that only a GPU can show, in under eight minutes: the service at full size, the torch engines' own suites in
# half precision, seconds and peak memory of every tier and mode beside stock diffusers, settings that make steps
# cheaper, the vision models, a cold start.
# Tables, logs and a summary go to $OUT; no picture is written, since random weights draw noise.
#   OUT=build/gpu PYTHON=.venv-dev/bin/python sh tests/gpu/run.sh
set -u
OUT=${OUT:-build/gpu}
PYTHON=${PYTHON:-.venv-dev/bin/python}
mkdir -p "$OUT"
: > "$OUT/summary.txt"

# step NAME SECONDS COMMAND…: its output goes to NAME.txt; one that fails or takes too long leaves the others alone
step() {
  name=$1 limit=$2
  shift 2
  begun=$(date +%s)
  timeout "$limit" "$@" > "$OUT/$name.txt" 2>&1
  status=$?
  echo "$name: status $status after $(($(date +%s) - begun)) s of $limit" | tee -a "$OUT/summary.txt"
}

nvidia-smi > "$OUT/card.txt" 2>&1
step modes 110 "$PYTHON" -m tools.gpu.modes --repeat 4
step service 70 "$PYTHON" -m pytest -q -p no:cacheprovider tests/gpu
step shortcuts 55 "$PYTHON" -m tools.gpu.shortcuts
step speed 50 "$PYTHON" -m tools.gpu.speed --repeat 3 --sides 512 --controlnets 2
step engines 60 env MODOMO_TEST_DEVICE=cuda "$PYTHON" -m pytest -q -p no:cacheprovider services/diffusion/tests/engine/test_torch_engine.py
step vision 35 "$PYTHON" -m tools.gpu.vision_speed --repeat 5
step start 40 "$PYTHON" -m tools.gpu.cold_start --device cuda --diffusion-alone --store "$OUT/../cold-start"
step compiled 55 "$PYTHON" -m tools.gpu.shortcuts --compile --alone
cat "$OUT/summary.txt"
! grep -qv 'status 0 ' "$OUT/summary.txt"
