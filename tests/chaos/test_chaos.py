"""Scenarios in short. `make chaos` runs the long ones, and those that take long however short they are."""

from pathlib import Path

import pytest

from tests.fixtures.otlp_collector import collecting
from tools.chaos import (
    cancellation,
    failover,
    full_disks,
    namespaces,
    rolling_restart,
    service_outages,
    store_outages,
    stream_clients,
    worker_crashes,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


async def test_workers_die(tmp_path: Path) -> None:
    done = await worker_crashes.run(worker_crashes.SHORT, tmp_path / "system")
    assert done.takeovers.seconds, "no worker was hit in mid-work: this proved nothing"
    assert done.looked_at


async def test_services_die(tmp_path: Path) -> None:
    done = await service_outages.run(service_outages.SHORT, tmp_path / "system")
    assert set(done.readiness) == set(service_outages.SERVICES)


async def test_stores_fail(tmp_path: Path) -> None:
    done = await store_outages.run(store_outages.SHORT, tmp_path / "system")
    assert done.failed_calls, "the object store never failed: this proved nothing"


@pytest.mark.skipif(not namespaces.own("mount"), reason="nothing may be mounted here")
async def test_disks_are_full() -> None:
    assert (await full_disks.run(full_disks.SHORT)).refused == 3


@pytest.mark.parametrize("kind", failover.KINDS)
async def test_the_primary_of_redis_dies_and_another_takes_its_place(tmp_path: Path, kind: str) -> None:
    done = await failover.run(failover.SHORT, tmp_path / "system", kind)
    assert done.jobs > failover.SHORT.jobs, "nothing was submitted meanwhile: this proved little"
    assert done.refused, "no submission met the failover: this proved little"


async def test_clients_reconnect(tmp_path: Path) -> None:
    done = await stream_clients.run(stream_clients.SHORT, tmp_path / "system")
    assert done.reconnects > 20


async def test_every_process_is_replaced_under_load(tmp_path: Path) -> None:
    done = await rolling_restart.run(rolling_restart.SHORT, tmp_path / "system")
    assert done.jobs


async def test_jobs_are_cancelled_at_every_stage(tmp_path: Path) -> None:
    """With traces on: whatever else is done around a call, cancelling must reach its other side at once."""
    with collecting() as collector:
        traces = {"MODOMO_OTLP_ENDPOINT": collector.endpoint}
        done = await cancellation.run(cancellation.SHORT, tmp_path / "system", overrides=traces)
    assert len(done.ended.seconds) == 11
    cut_off = {span.service for span in collector.spans if span.name.endswith("/Transform") and span.error}
    assert cut_off == {"modomo-gateway-worker", "modomo-DiffusionService"}, "no call was cancelled: this proved nothing"
