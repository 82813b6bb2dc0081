"""Jobs that are cancelled at every stage: while they wait, in each stage, and while their worker is dead or asleep."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from servicekit.jobstore import JobStatus
from tools.bench.figures import Samples
from tools.chaos.invariants import all_ended, assert_orderly
from tools.chaos.system import System, system

STEPS_AFTER: Final = 2
"""That may still be done: one was under way, and one more may have begun before the word got around."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How often."""

    times: int
    """For each stage."""


LONG: Final = Plan(times=10)
SHORT: Final = Plan(times=1)


@dataclass(kw_only=True)
class Cancellations:
    """What came of it."""

    ended: Samples = field(default_factory=Samples)
    """From the request to the terminal event."""
    most_steps_after: int = 0
    """Steps that an engine did after the request, of any job."""


async def run(
    plan: Plan, data: Path, *, tell: Callable[[str], None] = lambda _: None, overrides: Mapping[str, str] | None = None
) -> Cancellations:
    """Raises AssertionError where a job did not end as cancelled, or an engine worked on; `overrides` set variables."""
    done = Cancellations()
    async with system(data, workers=1, idle_seconds=6.0, step_seconds=0.1, overrides=overrides) as target:
        for number in range(plan.times):
            tell(f"{number + 1} of {plan.times}")
            for status in (JobStatus.ANALYZING, JobStatus.GENERATING, JobStatus.TRANSFORMING):
                (job_id,) = await target.submit(1)
                await _reached(target, job_id, status)
                await _cancel(target, job_id, done)
            await _while_queued(target, done)
            await _while_taken_over(target, done)
            await _while_asleep(target, done)
    return done


async def _while_queued(target: System, done: Cancellations) -> None:
    job_ids = await target.submit(6)  # more than the worker takes up at a time
    await asyncio.gather(*(_cancel(target, job_id, done) for job_id in reversed(job_ids)))


async def _while_taken_over(target: System, done: Cancellations) -> None:
    """Its worker is dead, and nobody has noticed yet."""
    (job_id,) = await target.submit(1)
    await _reached(target, job_id, JobStatus.TRANSFORMING)
    target.kill("worker-1")
    await _cancel(target, job_id, done)
    await target.restart("worker-1")


async def _while_asleep(target: System, done: Cancellations) -> None:
    """Its worker is stopped, and cannot stop the engine; the job has ended all the same."""
    (job_id,) = await target.submit(1)
    await _reached(target, job_id, JobStatus.TRANSFORMING)
    os.kill(target.pid("worker-1"), signal.SIGSTOP)
    try:
        await _cancel(target, job_id, done, engine_hears=False)
    finally:
        os.kill(target.pid("worker-1"), signal.SIGCONT)


async def _reached(target: System, job_id: str, status: JobStatus) -> None:
    """Waits until the job is in a stage, and its engine in mid-work where that is the stage."""
    async with asyncio.timeout(60), target.client.session.ws_connect(f"/ws/transform/{job_id}") as socket:
        async for message in socket:
            event = message.json()
            if event["status"] == status and (status is not JobStatus.TRANSFORMING or event.get("step", 0) >= 2):
                return
    raise AssertionError(f"the job ended before it was {status}")


async def _cancel(target: System, job_id: str, done: Cancellations, *, engine_hears: bool = True) -> None:
    asked, steps = time.time(), target.steps().count(job_id)
    async with target.client.session.delete(f"/transform/{job_id}") as answer:
        assert answer.status == 200, await answer.text()
    await all_ended(target, [job_id], seconds=30)
    events = await target.jobstore.events.read(job_id)
    assert_orderly(events)
    assert events[-1].status is JobStatus.CANCELLED
    done.ended.seconds.append(max(0.0, events[-1].timestamp.timestamp() - asked))
    if engine_hears:
        await asyncio.sleep(0.5)  # time for further steps, were there any
        after = target.steps().count(job_id) - steps
        assert after <= STEPS_AFTER, f"{after} steps after the job was cancelled"
        done.most_steps_after = max(done.most_steps_after, after)
