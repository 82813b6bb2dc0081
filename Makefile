# `make run` and `make test` are all a newcomer needs; both make the environment that they need on a bare machine.
# PYTHON=… names a Python to take in place of the newest that is found; macOS has GNU make 3.81, so nothing newer is used here
UV_VERSION := 0.13.9
UV := build/uv/bin/uv
PYTHON_OF_UV := build/uv/bin/python
LOCK := requirements.lock
LIGHT := -e protos -e 'services/_servicekit[images,redis,s3,tracing]' -e services/_roomnet -e 'services/detection[lite]' \
	-e 'services/controlmaps[lite]' -e 'services/diffusion[lite]' -e services/notifier -e services/gateway -e clients/python
MODELS := -e 'services/_servicekit[weights,gpu]' -e 'services/detection[torch,triton,modal]' -e 'services/controlmaps[torch,triton,modal,export]' -e 'services/diffusion[torch,openvino,triton,modal]'
PROJECTS := pyproject.toml protos/pyproject.toml clients/python/pyproject.toml research/pyproject.toml $(wildcard services/*/pyproject.toml)
# the real models are installed where an engine asks for them, and without a word on it where a GPU can run them or their weights are here
ENGINES := $(MODOMO_ENGINE) $(MODOMO_DETECTION_ENGINE) $(MODOMO_CONTROLMAPS_ENGINE) $(MODOMO_DIFFUSION_ENGINE)
FITTING := $(if $(filter-out auto,$(MODOMO_ENGINE)),,$(shell command -v nvidia-smi 2>/dev/null)$(wildcard $(or $(MODOMO_WEIGHTS),weights)/weights.lock))
RUN_VENV := $(if $(filter torch cpu,$(ENGINES))$(FITTING),.venv-torch,.venv)
RUN := $(RUN_VENV)/bin/python
DEV := .venv-dev/bin/python
# NVIDIA builds its server for nothing else; the tests that need it are skipped elsewhere
TRITON := $(if $(filter Linux-x86_64,$(shell uname -s)-$(shell uname -m)),build/triton/ready)
# what tests the alerts, a proxy, and Redis with TLS; for chaos clocks that jump; from Debian's packages, signed by Debian, and skipped where there are none
DEBIAN := $(if $(shell command -v apt-get 2>/dev/null),build/promtool/ready build/nginx/ready build/redis/ready)
CLOCKS := $(if $(DEBIAN),build/libfaketime/ready)
# linters of the OpenAPI document and of pages, and a compiler; from npm, held to the hashes of their lock, and skipped where there is no npm
NODE := $(if $(shell command -v npm 2>/dev/null),build/node/ready)

.PHONY: run test test-fast browser page-pictures coverage check demo bench bench-openvino peers load chaos upgrade soak attacks inputs eval-rooms roomnet roomnet-ablations weights weights-check audit chart protos clients materials docs version dist images test-images lock clean
.DELETE_ON_ERROR:
# the tests start hundreds of processes: none should compile again what another has
unexport PYTHONDONTWRITEBYTECODE
# ONNX Runtime reports to its makers otherwise
export ORT_DISABLE_TELEMETRY := 1

run: $(RUN_VENV)/ready
	@$(RUN) -m deploy.local

demo: $(RUN_VENV)/ready
	@$(RUN) -m deploy.local.demo $(ROOM)

# by as many processes at a time, of one computing thread each; each takes a file of tests after the other
JOBS ?= 3
TEST := $(DEV) -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder
test test-fast coverage: export OMP_NUM_THREADS := 1
test: .venv-dev/ready $(TRITON) $(DEBIAN) $(NODE) build/annotators/ready
	$(TEST)

# all that is not marked `slow`: some four minutes of two idle cores
test-fast: .venv-dev/ready
	$(TEST) -m "not slow"

# which lines of services/ the tests reach, into build/coverage; what runs in processes of its own is not counted
coverage: .venv-dev/ready $(TRITON) $(DEBIAN) $(NODE) build/annotators/ready
	mkdir -p build/coverage
	$(TEST) --cov --cov-report=html --cov-report=term:skip-covered

check: .venv-dev/ready
	.venv-dev/bin/ruff check
	.venv-dev/bin/ruff format --check
	.venv-dev/bin/buf lint
	.venv-dev/bin/buf format --diff --exit-code
	.venv-dev/bin/buf breaking --against protos/modomo.binpb
	$(DEV) -m protos.generate --check
	$(DEV) -m deploy.chartdocs --check
	.venv-dev/bin/lint-imports
	$(DEV) -m tools.retired_names
	.venv-dev/bin/hadolint services/*/Dockerfile deploy/triton/Dockerfile deploy/railway/Dockerfile
	.venv-dev/bin/mypy

bench: .venv-dev/ready
	$(DEV) -m tools.bench --placement $(or $(PLACEMENT),apart)

# an evening's mix of uploads, pollers, sockets and cancels on a whole local stack; the report goes to build/load.
# LOAD="--seconds 600 --rate 1" for another mix, LOAD=--help for all there is to say
load: .venv-dev/ready
	$(DEV) -m tools.load $(LOAD)

# the same no-op job here and on cog, Jina and plain FastAPI, each in an environment of its own; PEERS=--print writes nothing
peers: .venv-dev/ready build/peers/cog/ready build/peers/jina/ready build/peers/fastapi/ready
	$(DEV) -m tools.bench.peers $(PEERS)

build/peers/%/ready: tools/bench/peers/requirements/%.txt $(UV)
	$(UV) venv --quiet --clear --python $(PYTHON_OF_UV) $(@D)
	$(UV) pip install --python $(@D) --require-hashes --requirement $<
	touch $@

# everything that production does to a system, for half an hour; SCENARIO=deaths runs one of it, PLACEMENT=sidecar gives
# each worker a diffusion of its own
chaos: .venv-dev/ready $(CLOCKS)
	CHAOS_PLACEMENT=$(or $(PLACEMENT),apart) $(DEV) -m tools.chaos $(SCENARIO)

# another version, BEFORE=COMMIT, and this one side by side, through a rolling restart there and back with jobs in flight
BEFORE ?= $(shell git describe --tags --abbrev=0 HEAD^ 2>/dev/null || echo d7d2db2)
upgrade: .venv-dev/ready build/before/$(BEFORE)/ready
	$(DEV) -m tools.chaos.upgrade build/before/$(BEFORE)

build/before/%/ready:
	mkdir -p $(@D)
	git archive $* | tar -x -C $(@D)
	$(MAKE) -C $(@D) .venv/ready
	touch $@

# hours of traffic in minutes, MINUTES=30 of it: memory must stay flat
MINUTES ?= 30
soak: .venv-dev/ready
	$(DEV) -m tools.chaos.soak --minutes $(MINUTES)

# attacks from outside at full size, as a table: attack, before, now, bound. ATTACKS="-k webhook" for some of them
attacks: .venv-dev/ready
	$(DEV) -m tools.attacks $(ATTACKS)

# photos of every kind that was met in the wild through the code that takes photos in: name, expected, got
inputs: .venv-dev/ready
	$(DEV) -m tools.inputs

# how well the lite engines see and restyle the photos of a folder; ROOMS=DIR or MODOMO_ROOMS, into OUT=DIR
# HALVES=A leaves half B of more/ out, as whoever chooses a constant must; STYLES="boho modern" takes less time than all
eval-rooms: .venv-dev/ready
	$(DEV) -m tools.eval_rooms $(if $(ROOMS),--rooms "$(ROOMS)") $(if $(OUT),--out "$(OUT)") $(if $(HALVES),--halves $(HALVES)) $(if $(STYLES),--styles $(STYLES)) $(if $(ENGINE),--engine $(ENGINE))

# known vulnerabilities of everything that is locked, as OSV lists them; OSV_URL names another server that answers like it
audit: .venv-dev/ready
	.venv-dev/bin/pip-audit --disable-pip --require-hashes --requirement $(LOCK) --progress-spinner off \
	  --vulnerability-service osv $(if $(OSV_URL),--osv-url $(OSV_URL))

# README tables and schemas of the Helm charts, from their values.yaml and the services' settings; rules and dashboard
chart: .venv-dev/ready
	$(DEV) -m deploy.chartdocs

# stubs, and the image that `buf breaking` compares with; a breaking change is refused before it can become the image
protos: .venv-dev/ready
	.venv-dev/bin/buf breaking --against protos/modomo.binpb
	$(DEV) -m protos.generate
	.venv-dev/bin/buf build --exclude-source-info --output protos/modomo.binpb

# the copy of the OpenAPI document, and what the clients stand on: types, kinds of errors, the asynchronous client, the page's JavaScript
clients: .venv-dev/ready $(NODE)
	$(DEV) -m tools.clients

# a thumbnail of each material that surfaces can be made of
materials: .venv-dev/ready
	$(DEV) -m tools.materials

# the documentation site, into build/site: what is written by hand, and the reference of HTTP, gRPC and Python
docs: .venv-dev/ready
	$(DEV) -m tools.docs

# NEW=0.3.0: writes the version wherever it stands, and makes a section of the changelog out of "Unreleased"
version: .venv-dev/ready
	$(DEV) -m tools.release version $(NEW)

# sdist and wheel of every package, and the chart, into build/dist
dist: .venv-dev/ready
	$(DEV) -m tools.release dist build/dist

# all tests in a real browser, those that take a minute each too; chromium is a package of Debian's
browser: .venv-dev/ready $(NODE)
	MODOMO_TEST_BROWSER=1 $(DEV) -m pytest tests/browser

# the pictures of the page, made anew of our own rendered room: thumbnails of all styles, sample, before and after; and the
# page itself as the README shows it, for which chromium is needed
page-pictures: .venv-dev/ready
	$(DEV) -m tools.page_pictures
	$(DEV) -m tools.page_screenshot

# every image, by docker, podman or buildah, with a bill of materials each and a table of what they weigh, into build/images.
# IMAGES=lite for those of the lite engines, IMAGES=--help for all there is to say
images: .venv-dev/ready
	$(DEV) -m tools.images $(IMAGES)

# builds the images of the lite engines with buildah and sends a photo through containers of them; some ten minutes, as root
test-images: .venv-dev/ready
	MODOMO_TEST_IMAGES=1 $(DEV) -m pytest tests/images

# pins everything that any command installs; every install is held to it, hashes included. UPGRADE=1 takes newer versions
lock: $(UV)
	$(UV) pip compile --universal --python-version 3.11 --all-extras --group local --group check --group test --group docs \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --overrides requirements.overrides $(if $(UPGRADE),--upgrade) \
	  $(foreach package,modomo-protos modomo-servicekit modomo-roomnet,--no-emit-package $(package)) \
	  protos/pyproject.toml services/*/pyproject.toml clients/python/pyproject.toml research/pyproject.toml --output-file $(LOCK) > /dev/null
	printf 'uv==$(UV_VERSION)\nhatchling>=1.27\n' | $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --constraints $(LOCK) --no-annotate --no-emit-index-url $(if $(UPGRADE),--upgrade) - --output-file requirements.build.lock > /dev/null

# the real models, into ./weights or MODOMO_WEIGHTS; TIER=cpu takes those for a machine without a GPU, and converts two of
# them for OpenVINO, FROM=DIR files that are here already; `make weights-check` says what would be fetched, how large it is
# and what is missing, and fetches nothing
weights weights-check: .venv-torch/ready
	.venv-torch/bin/python -m servicekit.weights $(if $(filter weights-check,$@),check,pull) \
	  $(if $(TIER),--tier $(TIER)) $(if $(FROM),--from $(FROM))
	$(if $(filter weights-cpu,$@-$(TIER)),.venv-torch/bin/python -m deploy.local.conversion)

# the lite engines' own network, from nothing: rooms are rendered, learned from and judged by; goes on where it stopped
TRAINED ?= $(CURDIR)/build/roomnet
COUNT ?= 20000
MINUTES ?= 600
TRAINING := $(DEV) -m
roomnet: .venv-dev/ready
	$(TRAINING) research.roomnet.generate --count $(COUNT) --seed 1 --out $(TRAINED)/rooms
	$(TRAINING) research.roomnet.generate --count 320 --seed 9 --out $(TRAINED)/unseen
	$(TRAINING) research.roomnet.train --rooms $(TRAINED)/rooms --out $(TRAINED) --minutes $(MINUTES)
	$(TRAINING) research.roomnet.evaluate --rooms $(TRAINED)/unseen --out $(TRAINED) --calibrate large=$(TRAINED)/roomnet.safetensors
	$(TRAINING) research.roomnet.export $(TRAINED)/roomnet.safetensors $(TRAINED)/exported
	$(TRAINING) research.roomnet.quantise $(TRAINED)/exported $(TRAINED)/rooms services/_roomnet/roomnet/weights
	cp $(TRAINED)/exported/roomnet.safetensors research/roomnet/weights

# what each part of that training is worth, small enough for one core and an hour and a half; goes on where it stopped
ABLATED := $(TRAINED)/ablations
roomnet-ablations: .venv-dev/ready
	$(TRAINING) research.roomnet.generate --count 512 --seed 1 --out $(ABLATED)/rooms
	$(TRAINING) research.roomnet.generate --count 128 --seed 9 --out $(ABLATED)/unseen
	$(TRAINING) research.roomnet.ablations --rooms $(ABLATED)/rooms \
	  --unseen $(ABLATED)/unseen --out $(ABLATED)

# a real tritonserver for the tests of the triton engines; its wheel, held by its hash, wants a numpy of its own
build/triton/ready: requirements.triton.lock $(UV)
	$(UV) pip install --python $(PYTHON_OF_UV) --target build/triton --no-deps --require-hashes --requirement requirements.triton.lock
	touch $@

# the annotators that ControlNets were published with, for the tests of our control maps
build/annotators/ready: requirements.annotators.lock $(UV)
	$(UV) pip install --python $(PYTHON_OF_UV) --target build/annotators --no-deps --require-hashes --requirement requirements.annotators.lock
	touch $@

# OpenVINO beside torch, without a GPU: some minutes, and 9 GB under build/
bench-openvino: .venv-dev/ready
	$(DEV) -m tools.bench.openvino_unet

build/promtool/ready: PACKAGE := prometheus
build/nginx/ready: PACKAGE := nginx
build/libfaketime/ready: PACKAGE := libfaketime
build/redis/ready: PACKAGE := redis-tools redis-server libjemalloc2 liblzf1 liblua5.1-0 lua-cjson lua-bitop
build/promtool/ready build/nginx/ready build/libfaketime/ready build/redis/ready:
	mkdir -p $(@D)/lists/partial
	cd $(@D) && (apt-get download $(PACKAGE) || (apt-get -o Dir::State::lists=$(CURDIR)/$(@D)/lists update && \
	  apt-get -o Dir::State::lists=$(CURDIR)/$(@D)/lists download $(PACKAGE))) && \
	  for file in *.deb; do dpkg-deb --extract $$file . || exit 1; done || echo "no $(PACKAGE): the tests that need it will be skipped"
	touch $@

build/node/ready: tools/npm/package.json tools/npm/package-lock.json
	mkdir -p $(@D)
	cp tools/npm/package.json tools/npm/package-lock.json $(@D)
	(cd $(@D) && npm ci --ignore-scripts --no-audit --no-fund) || echo "no linters from npm: the tests that need them will be skipped"
	touch $@

clean:
	rm -rf .venv .venv-torch .venv-dev build

$(UV):
	@python=$$(sh deploy/local/find_python.sh $(PYTHON)) && "$$python" -m venv --clear build/uv
	build/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/ready: $(UV) $(LOCK) $(PROJECTS)
	$(UV) venv --quiet --clear --python $(PYTHON_OF_UV) .venv
	$(UV) pip install --python .venv --constraints $(LOCK) --overrides requirements.overrides --group local $(LIGHT)
	touch $@

.venv-torch/ready: $(UV) $(LOCK) $(PROJECTS)
	$(UV) venv --quiet --clear --python $(PYTHON_OF_UV) .venv-torch
	$(UV) pip install --python .venv-torch --constraints $(LOCK) --build-constraints $(LOCK) --overrides requirements.overrides \
	  --group local $(LIGHT) $(MODELS)
	touch $@

.venv-dev/ready: $(UV) $(LOCK) $(PROJECTS)
	$(UV) venv --quiet --clear --python $(PYTHON_OF_UV) .venv-dev
	$(UV) pip install --python .venv-dev --constraints $(LOCK) --build-constraints $(LOCK) --overrides requirements.overrides \
	  --group local --group check --group test --group docs --requirements research/pyproject.toml $(LIGHT) $(MODELS)
	touch $@
