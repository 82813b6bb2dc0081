"""What mutual TLS, a webhook and a purge cost in time: `python -m tools.bench.tls_and_webhooks`."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, Final

import trustme

from modomo.diffusion.v1 import diffusion_service_pb2 as pb
from modomo.diffusion.v1 import diffusion_service_pb2_grpc as pb_grpc
from servicekit.observability import logs
from servicekit.rpc import client
from servicekit.rpc.server import ServerOptions, running
from servicekit.rpc.tls import Security, TlsSettings
from tests.fixtures.probe_service import SERVICE, Probe
from tests.fixtures.webhook_receivers import receiving
from tools.bench import document
from tools.bench.__main__ import stack_for
from tools.bench.client import Client
from tools.bench.figures import Row, Samples
from tools.bench.photos import small_photo

CALLS: Final = 500
JOBS: Final = 40


async def measure_tls(folder: Path) -> list[Row]:
    """The same calls over plaintext and over mutual TLS, in turn."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    ca, certificate, key = (folder / f"{name}.pem" for name in ("ca", "certificate", "key"))
    authority.cert_pem.write_to_path(str(ca))
    issued.private_key_pem.write_to_path(str(key))
    certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    secured = Security.of(TlsSettings(tls_ca=ca, tls_certificate=certificate, tls_key=key))
    rows = []
    for size, what in ((64, "64 bytes"), (2**20, "1 MB")):
        taken = {name: Samples() for name in ("plain", "tls")}
        for name, security in (("plain", Security()), ("tls", secured)):
            await _call(security, size, taken[name])
        ratio = taken["tls"].quantile(0.5) / taken["plain"].quantile(0.5)
        rows.append(
            Row(
                what=f"a call with {what} over mutual TLS",
                figure=taken["tls"].milliseconds(),
                baseline=f"plaintext: {taken['plain'].milliseconds()}",
                ratio=f"{ratio:.2f}× its time",
            )
        )
    return rows


async def _call(security: Security, size: int, samples: Samples) -> None:
    probe = Probe()
    options = ServerOptions(address="127.0.0.1:0", drain_seconds=0.1, security=security)
    add = pb_grpc.add_DiffusionServiceServicer_to_server
    request = pb.PreviewRequest()
    request.transform.image.data = b"x" * size
    async with (
        running(options, [(SERVICE, lambda server: add(probe, server))]) as server,
        client.channel(f"127.0.0.1:{server.port}", security=security) as channel,
    ):
        stub: Any = pb_grpc.DiffusionServiceStub(channel)
        for number in range(CALLS + 20):
            with samples.measure():
                await stub.Preview(request)
            if number < 20:
                samples.seconds.clear()  # connecting is not calling


async def measure_jobs() -> list[Row]:
    """Webhooks and purges of jobs on a running system."""
    told, purged = Samples(), Samples()
    async with (
        stack_for("webhooks") as stack,
        Client(stack.layout.url) as app,
        receiving() as receiver,
    ):
        for number in range(JOBS):
            job = await app.submit(small_photo(), webhook_url=receiver.url)
            await app.completed(job.job_id)
            ended = asyncio.get_running_loop().time()
            requests = await receiver.heard(number + 1)
            told.seconds.append(max(0.0, requests[-1].at - ended))
            with purged.measure():
                async with app.session.delete(f"/transform/{job.job_id}?purge=true") as answer:
                    answer.raise_for_status()
    return [
        Row(what="ending seen by its watcher → webhook at its receiver", figure=told.milliseconds()),
        Row(what="purge of a completed job, its pictures and stage results", figure=purged.milliseconds()),
    ]


async def main() -> None:
    """Writes the section."""
    logs.configure("bench", level="ERROR")
    with tempfile.TemporaryDirectory() as folder:
        rows = await measure_tls(Path(folder)) + await measure_jobs()
    print(
        document.write(
            "tls and webhooks",
            title="TLS, webhooks, deleting",
            command="python -m tools.bench.tls_and_webhooks",
            rows=rows,
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
