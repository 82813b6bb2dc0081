"""Channels to other services, all with the same retries, round robin, limits, ids and deadlines."""

import json
from typing import Any, Final

import grpc

from servicekit.rpc.client_interceptors import StreamCalls, UnaryCalls
from servicekit.rpc.reloading_channel import ReloadingChannel
from servicekit.rpc.server import MAX_MESSAGE_BYTES
from servicekit.rpc.tls import Certificates, Security, client_credentials

_RETRIES: Final = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


def channel(address: str, *, security: Security | None = None) -> grpc.aio.Channel:
    """Opens a channel to `host:port` or any gRPC name (`dns:///…` balances over all replicas).

    Where no server can be reached, a call fails after a few attempts. Whoever may leave a stream early must cancel the
    call in a `finally`: one that is merely dropped goes on until it is garbage-collected. Raises SettingsError where
    `security` (by default plaintext, to this machine alone) does not allow the address.
    """
    security = security or Security()
    security.validate_address(address)
    options, interceptors = _options(), [UnaryCalls(), StreamCalls()]
    if security.identity is None:
        return grpc.aio.insecure_channel(address, options=options, interceptors=interceptors)

    def secure(certificates: Certificates) -> grpc.aio.Channel:
        credentials = client_credentials(certificates)
        return grpc.aio.secure_channel(address, credentials, options=options, interceptors=interceptors)

    return ReloadingChannel(security.identity, secure)


def _options() -> list[tuple[str, Any]]:
    methods = {"name": [{}], "retryPolicy": _RETRIES}
    service_config = {"loadBalancingConfig": [{"round_robin": {}}], "methodConfig": [methods]}
    return [
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        ("grpc.service_config", json.dumps(service_config)),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.http2.ping_timeout_ms", 5_000),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    ]
