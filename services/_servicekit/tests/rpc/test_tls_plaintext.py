"""Plaintext stays on this machine, unless somebody says otherwise."""

import json
import os
import subprocess
import sys

import grpc
import pytest

from servicekit.config.env import SettingsError
from servicekit.process import EXIT_CONFIGURATION
from servicekit.rpc import client
from servicekit.rpc.tls import Security, TlsSettings, is_loopback


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.9.9.9:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("dns:///localhost:1", True),
        ("ipv4:127.0.0.1:1", True),
        ("unix:/run/modomo.sock", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("10.0.0.1:1", False),
        ("detection:50051", False),
        ("dns:///detection.modomo.svc:50051", False),
        ("localhost.example:1", False),
        (":1", False),
    ],
)
def test_what_stays_on_this_machine(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


async def test_plaintext_to_other_machines_is_refused_unless_told() -> None:
    for act in (lambda: client.channel("detection:50051"), lambda: Security().listen(grpc.aio.server(), "0.0.0.0:0")):
        with pytest.raises(SettingsError, match="MODOMO_TLS_PLAINTEXT=true"):
            act()
    allowed = Security.of(TlsSettings(tls_plaintext=True))
    await client.channel("detection:50051", security=allowed).close()
    server = grpc.aio.server()
    assert allowed.listen(server, "0.0.0.0:0")
    await server.stop(0)


@pytest.mark.parametrize("module", ["notifier", "detection"])
@pytest.mark.slow
def test_a_process_that_would_listen_in_plaintext_for_others_does_not_start(module: str) -> None:
    environ = os.environ | {f"MODOMO_{module.upper()}_LISTEN": "0.0.0.0:0", "MODOMO_LOG_FORMAT": "json"}
    done = subprocess.run(
        [sys.executable, "-m", module], env=environ, capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    (line,) = done.stderr.splitlines()
    assert done.returncode == EXIT_CONFIGURATION
    assert "MODOMO_TLS_PLAINTEXT=true" in json.loads(line)["problem"]
