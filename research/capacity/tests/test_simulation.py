"""Photos through the whole system: all are done, by the turns of the job store's own scripts."""

import math
from dataclasses import replace
from random import Random

import pytest

from research.capacity.demand import DAY, HOURS, PICTURES_A_JOB, arrivals, rate
from research.capacity.scenarios import ONE_PASS, Scenario, apart, shared_pods, sidecars
from research.capacity.service_times import ServiceTimes
from research.capacity.simulation import System
from research.capacity.turns import Turns
from servicekit.jobstore import Ending, JobStatus, NewJob
from servicekit.jobstore.redis import JobStoreSettings, connect

ALONE = ServiceTimes(known=0.0, again=0.0)
BY_CALLS = Scenario(name="1k", what="one T4", per_month=1e3, days=30.0, system=shared_pods(least=1, calls=1.0))


def test_arrivals_follow_the_day() -> None:
    found = list(arrivals(per_month=300_000, days=3, random=Random(5)))
    assert found == sorted(found)
    assert len(found) == pytest.approx(30_000, rel=0.03)
    by_hour = [sum(int(at % DAY // 3600) == hour for at in found) for hour in range(24)]
    assert by_hour.index(max(by_hour)) == HOURS.index(max(HOURS))
    assert sum(rate(at * 60.0, per_month=300_000) * 60 for at in range(1440)) == pytest.approx(10_000, rel=1e-3)


@pytest.mark.parametrize("system", [shared_pods(least=1, calls=1.0), sidecars(least=1)])
def test_a_job_alone_takes_the_sum_of_its_parts(system: System) -> None:
    outcome = replace(BY_CALLS, system=system, per_month=30.0, times=ALONE, days=20.0).run()
    expected = ALONE.before + ALONE.detection + ALONE.maps + ALONE.restyling + ALONE.judging + ALONE.after
    assert outcome.quantile(0.5) == pytest.approx(expected)  # one T4: detection and maps wait for each other


@pytest.mark.parametrize("system", [shared_pods(least=2, calls=1.0), sidecars(least=2)])
def test_every_photo_is_done_and_the_same_seed_gives_the_same_outcome(system: System) -> None:
    scenario = replace(BY_CALLS, system=system, per_month=1e5, days=0.5, times=ONE_PASS)
    outcome, again, other = scenario.run(), scenario.run(), scenario.run(seed=2)
    assert outcome == again
    assert other != outcome
    assert len(outcome.done) == pytest.approx(outcome.arrived / PICTURES_A_JOB, rel=0.05)
    if "gpu" in outcome.usage:
        busy = outcome.usage["gpu"].busy_seconds
        assert busy == pytest.approx(outcome.arrived * scenario.times.device, rel=0.05)


async def test_the_turns_are_those_of_the_scripts(jobstore_settings: JobStoreSettings) -> None:
    """The same submissions and claims, drawn at random, on a real Valkey."""
    chance, turns, jobstore = Random(4), Turns[str](), connect(jobstore_settings)
    claimed, wanted, number = list[str](), list[str](), 0
    for _ in range(300):
        if len(turns) and chance.random() < 0.45:
            claim = await jobstore.queue.claim()
            claimed.append(claim.job.job_id)
            await claim.finish(Ending(status=JobStatus.COMPLETED, message="Ready!"))
            wanted.append(turns.claim())
        else:
            number += 1
            tenant, cost = chance.choice("aaabbcd"), chance.choice((1, 1, 2, 4))
            job = NewJob(job_id=f"job-{number:04}", payload="{}", message="Queued...", tenant=tenant, cost=cost)
            await jobstore.jobs.submit(job, queue_limit=1000)
            turns.submit(job.job_id, flow=tenant, cost=cost)
    assert claimed == wanted
    assert claimed != sorted(claimed), "tenants take turns"
    for role in (jobstore.queue, jobstore.jobs):
        await role.close()


def test_a_pod_that_pulls_has_one_job_at_a_time_and_none_waits_while_another_is_idle() -> None:
    by_turn, pulling = (
        replace(BY_CALLS, system=system, per_month=1e6, days=0.2, times=ONE_PASS).run()
        for system in (apart(least=8, calls=1.0), sidecars(least=8))
    )
    pods = sum(pool.pod_seconds for name, pool in by_turn.usage.items() if name != "worker")
    assert pulling.usage["worker"].pod_seconds < pods
    assert pulling.quantile(0.95) < by_turn.quantile(0.95)


def test_little() -> None:
    """Jobs in the system are the rate times the seconds that each is there."""
    outcome = replace(BY_CALLS, system=shared_pods(least=2, calls=1.0), per_month=1e5, days=1.0, times=ONE_PASS).run()
    moments = range(0, int(DAY), 60)
    present = sum(at <= moment < at + seconds for at, seconds in outcome.done for moment in _minutes(at, seconds))
    total = sum(seconds for _, seconds in outcome.done)
    assert present / len(moments) == pytest.approx(total / DAY, rel=0.05)


def _minutes(at: float, seconds: float) -> range:
    return range(math.ceil(at / 60) * 60, int(at + seconds) + 1, 60)


def test_a_cold_start_is_waited_for_and_paid() -> None:
    outcome = replace(BY_CALLS, system=sidecars(least=0), per_month=30.0, days=10.0, times=ALONE).run()
    assert min(seconds for _, seconds in outcome.done) > 180.0
    gpu = outcome.usage["worker"]
    assert gpu.pod_seconds >= len(outcome.done) * (180.0 + 300.0)
    assert gpu.pod_seconds < outcome.days * DAY / 10
