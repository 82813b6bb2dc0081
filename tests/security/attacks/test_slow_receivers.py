"""Attacks by a tenant whose receivers of webhooks are slow, or their names: another tenant's are told all the same."""

import dataclasses
import socket
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from notifier.app import serving
from notifier.settings import Settings
from servicekit.jobstore.redis import JobStoreSettings, connect
from tests.fixtures.attack_figures import Measure
from tests.fixtures.jobstore import new_job
from tests.fixtures.webhook_receivers import Receiver, receiving, status

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
COUNT = 48
SLOW_SECONDS = 5.0
TOLD = "seconds until another tenant is told"


def names_under(monkeypatch: pytest.MonkeyPatch, domain: str, *, seconds: float) -> list[str]:
    """Lets all names of a domain lead to loopback, after a while; returns those that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if not str(host).endswith(domain):
            return real(host, *args, **options)
        asked.append(host)
        time.sleep(seconds)
        return real("127.0.0.1", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def seconds_until_told(settings: JobStoreSettings, urls: list[str], receiver: Receiver) -> float:
    """How long another tenant's webhook takes that ends after one tenant's to all these URLs."""
    jobstore = connect(settings)
    hooks = [("key:attacker", url) for url in urls] + [("key:victim", receiver.url)]
    for tenant, url in hooks:
        job = new_job(tenant=tenant, webhook_url=url)
        await jobstore.jobs.submit(job, queue_limit=1000)
        await jobstore.jobs.cancel(job.job_id, message="Cancelled.")
    values = Settings(
        **dataclasses.asdict(settings),
        listen="127.0.0.1:0",
        drain_seconds=0.1,
        webhook_secrets=(SECRET,),
        webhook_networks=("127.0.0.0/8",),
    )
    async with serving(values):
        start = time.monotonic()
        await receiver.heard()
        seconds = time.monotonic() - start
    for role in (jobstore.queue, jobstore.events, jobstore.jobs):
        await role.close()
    return seconds


@pytest.mark.parametrize("names", ["ports of one host", "the same host", "names", "names with a dot behind"])
async def test_slow_receivers_hold_up_nobody_elses(
    jobstore_settings: JobStoreSettings,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    measure: Measure,
    names: str,
) -> None:
    names_under(monkeypatch, ".slow.example", seconds=0.0)
    names_under(monkeypatch, ".slow.example.", seconds=0.0)
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(receiving()) for _ in range(COUNT // 4)]
        for one in slow:
            one.replies = [status(200, after=SLOW_SECONDS)]
        ports = [one.port for one in slow] * 4
        hosts = {
            "ports of one host": "127.0.0.1",
            "the same host": "localhost",
            "names": "host-{number}.slow.example",
            "names with a dot behind": "host.slow.example{dot}",
        }
        urls = [
            f"http://{hosts[names].format(number=number, dot='.' * (number % 2))}:{port}/"
            for number, port in enumerate(ports)
        ]
        measure(TOLD, await seconds_until_told(jobstore_settings, urls, receiver), 2)
        assert 0 < sum(one.most_at_once for one in slow) <= (16 if names == "names" else 4)


async def test_slow_names_hold_up_nobody_elses(
    jobstore_settings: JobStoreSettings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, measure: Measure
) -> None:
    asked = names_under(monkeypatch, ".slow.example", seconds=SLOW_SECONDS)
    urls = [f"http://host-{number}.slow.example/" for number in range(COUNT)]
    measure(TOLD, await seconds_until_told(jobstore_settings, urls, receiver), 2)
    assert 0 < len(asked) <= 4
