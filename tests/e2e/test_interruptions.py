"""Jobs that are cancelled, and jobs whose worker dies, through six real processes."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.e2e.app import App
from tests.e2e.slow_diffusion import STEP_SECONDS
from tests.fixtures.local_stack import StartStack
from tests.fixtures.sample_room import sample_room

pytestmark = pytest.mark.slow

SLOW = {"diffusion": "tests.e2e.slow_diffusion"}


async def test_delete_stops_a_running_job_between_two_steps(start_stack: StartStack, tmp_path: Path) -> None:
    log = tmp_path / "steps"
    async with (
        start_stack(modules=SLOW, overrides={"SLOW_DIFFUSION_STEPS": str(log)}) as stack,
        App(stack.layout.url) as app,
    ):
        job = await app.submit(sample_room())
        await app.step(job["websocket_url"], 3)
        asked = time.monotonic()
        answer = await app.http.delete(f"/transform/{job['job_id']}")
        assert answer.json() == {"success": True, "message": "Job cancelled successfully"}
        events = await app.events(job["websocket_url"])
        assert [event["status"] for event in events].count("cancelled") == 1
        assert events[-1]["message"] == "Your transformation was cancelled."
        await asyncio.sleep(max(0.0, asked + 1.0 - time.monotonic()))  # the second that the contract allows
        stopped = len(log.read_text().splitlines())
        await asyncio.sleep(5 * STEP_SECONDS)  # long enough for further steps, were there any
        assert len(log.read_text().splitlines()) == stopped
        assert (await app.status(job["job_id"]))["status"] == "cancelled"
        again = await app.http.delete(f"/transform/{job['job_id']}")
        assert again.json() == answer.json()


async def test_a_killed_worker_s_job_ends_exactly_once(start_stack: StartStack, tmp_path: Path) -> None:
    overrides = {"SLOW_DIFFUSION_STEPS": str(tmp_path / "steps")}
    async with start_stack(workers=2, modules=SLOW, overrides=overrides) as stack, App(stack.layout.url) as app:
        job = await app.submit(sample_room())
        await app.step(job["websocket_url"], 2)
        _kill_all_workers(stack)
        await asyncio.gather(stack.start_child("worker-1"), stack.start_child("worker-2"))
        events = await app.events(job["websocket_url"])
        assert [event["status"] for event in events if event["status"] in ("completed", "failed", "cancelled")] == [
            "completed"
        ]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        progress = [event["progress"] for event in events]
        assert progress == sorted(progress)
        assert (await app.status(job["job_id"]))["status"] == "completed"


def _kill_all_workers(stack: Stack) -> None:
    for name, child in stack.children.items():
        if name.startswith("worker"):
            os.kill(child.process.pid, signal.SIGKILL)
