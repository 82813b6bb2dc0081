"""What every Modomo service needs and none of them owns.

rpc/            gRPC server and channel, interceptors, deadlines, health, mutual TLS
observability/  logs, metrics, traces, redaction
config/         settings from the environment
inference/      engines, executors, devices; models on Triton and Modal
jobstore/       jobs, their queue and events, webhooks to deliver; on Redis
storage/        objects: a local directory, S3
weights/        the models' files: pulled, pinned, verified
imaging/        decoding, encoding and scaling pictures
types/          the vocabulary that services share
webhooks/       secrets and allowed addresses

A module enters when two services use it already and it knows no word of their trade.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its core would write to stderr what is no log record
