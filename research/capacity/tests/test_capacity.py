"""The capacity simulation against theory where theory has an answer, and against the code whose times it uses."""

import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import pytest

from diffusion.sd.options import Control, Structure
from diffusion.sd.recipes import FINISH_STRENGTH, STRUCTURES
from diffusion.sd.tiers import HYPER_SD, QUALITY
from diffusion.styles import read_styles
from gateway.jobs.request import JobRequest, Preferences
from gateway.jobs.work import expected_work
from research.capacity import __main__ as command
from research.capacity import plots, service_times, tables
from research.capacity.clock import Action, Clock
from research.capacity.demand import DAY, HOURS, PICTURES_A_JOB, arrivals, rate
from research.capacity.pool import Kind, Pool
from research.capacity.prices import Light, Prices
from research.capacity.scaling import Autoscaler, Rule
from research.capacity.scenarios import ONE_PASS, SCENARIOS, Scenario, apart, shared_pods, sidecars
from research.capacity.service_times import CpuSeconds, ServiceTimes
from research.capacity.simulation import Outcome, System
from research.capacity.tables import Result
from research.capacity.turns import Turns
from servicekit.jobstore import Ending, JobStatus, NewJob
from servicekit.jobstore.redis import JobStoreSettings, connect

BENCHMARKS = Path(__file__).parents[3] / "BENCHMARKS.md"
ALONE = ServiceTimes(known=0.0, again=0.0)
BY_CALLS = Scenario(name="1k", what="one T4", per_month=1e3, days=30.0, system=shared_pods(least=1, calls=1.0))


def waits(kind: Kind, pods: int, *, rate: float, seconds: float, random: Random, jobs: int = 40_000) -> list[float]:
    """How long each of many jobs waits before it is begun, where their number and that of the pods stay the same."""
    clock, found = Clock(), list[float]()
    pool = Pool(kind, clock, random)
    pool.scale(pods, warm=True)

    def arrive(left: int) -> None:
        came = clock.now

        def begin(finish: Action) -> None:
            found.append(clock.now - came)
            clock.after(seconds, finish)

        pool.submit(begin, caller=left % 7)
        if left:
            clock.after(random.expovariate(rate), lambda: arrive(left - 1))

    arrive(jobs)
    clock.run(until=math.inf)
    return found


def test_one_pod_waits_as_pollaczek_and_khinchine_say() -> None:
    found = waits(Kind(name="gpu"), 1, rate=0.7, seconds=1.0, random=Random(1))
    expected = 0.7 / (2 * (1 - 0.7))  # M/D/1
    assert sum(found) / len(found) == pytest.approx(expected, rel=0.08)


def test_pods_that_take_work_when_they_are_free_let_it_wait_less_than_pods_in_turn() -> None:
    in_turn, free = (
        waits(Kind(name="gpu", pulls=pulls), 4, rate=2.8, seconds=1.0, random=Random(1), jobs=20_000)
        for pulls in (False, True)
    )
    # M/D/4 at 70 %: half of what M/M/4 waits, by Erlang's formula, is close (Cosmetatos)
    load, pods = 2.8, 4
    blocked = load**pods / math.factorial(pods) / (1 - load / pods)
    erlang = blocked / (sum(load**n / math.factorial(n) for n in range(pods)) + blocked)
    assert sum(free) / len(free) == pytest.approx(erlang / (pods - load) / 2, rel=0.15)
    assert sum(in_turn) > 1.5 * sum(free)


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


@pytest.mark.parametrize("variants", [1, 2, 4])
@pytest.mark.parametrize("side", [(768, 768), (1024, 768), (1024, 1024)])
@pytest.mark.parametrize("strength", [0.3, 0.6, 0.9])
def test_what_a_job_is_charged_is_near_what_a_t4_spends_on_it(
    variants: int, side: tuple[int, int], strength: float
) -> None:
    """Whoever claims goes by `expected_work`; the cost model knows the passes. Whole numbers cannot be nearer."""
    asked = Preferences(variants=variants, strength=strength)
    job = JobRequest(style="modern", preferences=asked, photo_digest="", width=side[0], height=side[1])
    steps = int(QUALITY.steps * strength)
    first = service_times.drawing(pixels=768**2, steps=steps, windows=service_times.LINES)
    finish = service_times.drawing(pixels=side[0] * side[1], steps=min(8, steps), windows=[(0.0, 1.0)])
    seconds = variants * (first + (finish if side[0] * side[1] > 1.2 * 768**2 else 0.0))
    usual = service_times.drawing(pixels=768**2, steps=QUALITY.steps, windows=service_times.LINES)
    assert 0.35 <= expected_work(job) * usual / seconds <= 2.0 or expected_work(job) == 1


def test_little() -> None:
    """Jobs in the system are the rate times the seconds that each is there."""
    outcome = replace(BY_CALLS, system=shared_pods(least=2, calls=1.0), per_month=1e5, days=1.0, times=ONE_PASS).run()
    moments = range(0, int(DAY), 60)
    present = sum(at <= moment < at + seconds for at, seconds in outcome.done for moment in _minutes(at, seconds))
    total = sum(seconds for _, seconds in outcome.done)
    assert present / len(moments) == pytest.approx(total / DAY, rel=0.05)


def _minutes(at: float, seconds: float) -> range:
    return range(math.ceil(at / 60) * 60, int(at + seconds) + 1, 60)


class TestAutoscaler:
    def scaled(self, rule: Rule, in_flight: list[tuple[float, int]], *, until: float) -> list[tuple[float, int]]:
        """Numbers of pods where so much work is in flight from given times on."""
        clock = Clock()
        pool = Pool(Kind(name="gpu", cold_start=10.0), clock, Random(1))
        for at, count in in_flight:
            clock.after(at, partial(setattr, pool, "in_flight", count))
        Autoscaler(rule, pool, clock, lambda: pool.in_flight)
        clock.run(until=until)
        return pool.history

    def test_follows_the_work_by_kubernetes_formula_and_keeps_pods_for_a_while(self) -> None:
        history = self.scaled(Rule(per_pod=2.0, lag=0.0), [(5.0, 7), (100.0, 1)], until=1000.0)
        assert history == [(0.0, 1), (15.0, 4), (pytest.approx(420.0, abs=15.1), 1)]

    def test_leaves_small_changes_alone_and_stays_within_its_limits(self) -> None:
        assert self.scaled(Rule(least=10, most=10, per_pod=1.0), [(5.0, 50)], until=200.0) == [(0.0, 10)]
        assert self.scaled(Rule(least=20, most=99, per_pod=1.0), [(5.0, 21)], until=200.0) == [(0.0, 20)]

    def test_doubles_at_most(self) -> None:
        history = self.scaled(Rule(most=100, per_pod=1.0, lag=0.0), [(5.0, 60)], until=80.0)
        assert [pods for _, pods in history] == [1, 5, 10, 20, 40, 60][: len(history)]

    def test_zero_and_back(self) -> None:
        rule = Rule(least=0, per_pod=1.0, lag=0.0)
        history = self.scaled(rule, [(5.0, 1), (50.0, 0), (900.0, 1)], until=1000.0)
        assert [pods for _, pods in history] == [0, 1, 0, 1]
        assert 340.0 <= history[2][0] <= 370.0


def test_a_cold_start_is_waited_for_and_paid() -> None:
    outcome = replace(BY_CALLS, system=sidecars(least=0), per_month=30.0, days=10.0, times=ALONE).run()
    assert min(seconds for _, seconds in outcome.done) > 180.0
    gpu = outcome.usage["worker"]
    assert gpu.pod_seconds >= len(outcome.done) * (180.0 + 300.0)
    assert gpu.pod_seconds < outcome.days * DAY / 10


def test_a_new_pod_gets_no_work_before_callers_find_it() -> None:
    clock = Clock()
    pool = Pool(Kind(name="gpu", cold_start=10.0), clock, Random(3))
    pool.scale(1, warm=True)
    pool.scale(2)
    clock.run(until=11.0)
    assert len(pool.serving) == 1
    clock.run(until=311.0)
    assert len(pool.serving) == 2


def test_a_pod_that_is_sent_away_finishes_its_work() -> None:
    clock, ended = Clock(), list[float]()
    pool = Pool(Kind(name="gpu"), clock, Random(3))
    pool.scale(1, warm=True)

    def work(finish: Action) -> None:
        def end() -> None:
            ended.append(clock.now)
            finish()

        clock.after(50.0, end)

    pool.submit(work)
    pool.submit(work)
    pool.scale(0)
    clock.run(until=500.0)
    assert ended == [50.0, 100.0]
    assert pool.paid_until_now() == 100.0


def test_the_times_are_those_of_the_code() -> None:
    style = read_styles()["modern"]
    assert int(QUALITY.steps * style.strength) == service_times.STEPS
    assert int(HYPER_SD.steps * style.strength) == service_times.FAST_STEPS
    edges, lines = STRUCTURES[Structure.EDGES], STRUCTURES[Structure.LINES]
    windows = [edges[control].end for control in (Control.DEPTH, Control.SEGMENTATION, Control.CANNY)]
    assert tuple(windows) == service_times.WINDOWS
    assert tuple((one.start, one.end) for one in lines.values()) == service_times.LINES
    assert int(QUALITY.steps * FINISH_STRENGTH) == service_times.FINISH_STEPS
    active = [
        sum(recipe[control].active(step, service_times.STEPS) for control in recipe for step in range(21))
        for recipe in (edges, lines)
    ]
    assert active == [38, 12]
    assert service_times.one_pass() == pytest.approx(21 * 0.145 + 38 * 0.06 + 0.48)
    three = [(0.0, 1.0)] * 3
    assert service_times.drawing(pixels=512**2, steps=20, windows=three) == pytest.approx(6.8, abs=0.2)  # its example


def test_operations_grow_as_they_were_counted() -> None:
    """Of a picture in 20 steps with one to three ControlNets, which share them evenly from there on (BENCHMARKS.md)."""
    counted = {
        (int(side), int(nets)): float(stock)
        for side, nets, stock in re.findall(r"^\| (\d+)², (\d) ControlNets? \| ([\d.]+) ", BENCHMARKS.read_text(), re.M)
    }
    for square, nets in zip(service_times.SQUARE_OF_GROWTH, ((1,), (2, 1)), strict=True):
        small, large = (counted[side, nets[0]] - sum(counted[side, other] for other in nets[1:]) for side in (512, 768))
        assert service_times.growth(768**2, square) == pytest.approx(large / small, rel=0.01)
        assert service_times.growth(512**2, square) == pytest.approx(1.0)


def test_dollars() -> None:
    prices = Prices(t4_hour=(1.0, 2.0), cpu_hour=0.0, redis_month=0.0, gigabyte_month=0.0, million_writes=0.0)
    outcome = replace(BY_CALLS, per_month=30.0, days=2.0).run()
    result = Result(number=1, scenario=BY_CALLS, outcome=outcome)
    assert result.dollars(prices, Light()) == pytest.approx((720.0, 1440.0))
    light = Light(cpu=CpuSeconds(gateway=1.0, worker=0.0, notifier=0.0), busy=0.5)
    assert light.gateways(10_000_000) == math.ceil(rate(20.5 * 3600, per_month=10_000_000) / 0.5)
    assert light.gateways(1000) == 2


def test_the_page_has_the_smallest_volume_as_it_is_simulated_now() -> None:
    """The larger ones take minutes: `python -m research.capacity`."""
    scenario = SCENARIOS[0]
    table = tables.volumes([Result(number=1, scenario=scenario, outcome=scenario.run())], Prices(), Light())
    page = command.PAGE.read_text()
    assert table.splitlines()[-1] in page
    assert tables.assumptions(ServiceTimes(), CpuSeconds()) in page
    assert {row.what for row in SCENARIOS} <= {
        line.split("|")[2].strip() for line in page.splitlines() if line.count("|") > 2
    }


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- volumes -->"):
        command.put("# Capacity", "volumes", "")


def test_pictures_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    system = shared_pods(least=1, calls=1.0)
    result = Result(
        number=1,
        scenario=replace(SCENARIOS[0], system=system),
        outcome=replace(SCENARIOS[0], days=1.0, system=system).run(),
    )
    for name in ("one.svg", "two.svg"):
        plots.save(plots.choices([result], Prices(), Light()), tmp_path / name)
        plots.save(plots.gpu_seconds(), tmp_path / f"gpu-{name}")
        plots.save(plots.growth([result], Prices(), Light()), tmp_path / f"growth-{name}")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    assert (tmp_path / "growth-one.svg").read_bytes() == (tmp_path / "growth-two.svg").read_bytes()
    empty = Outcome(days=1, arrived=0, done=[(10.0, 1.0), (20.0, 3.0), (4000.0, 2.0)], usage={})
    assert plots.hourly(empty, 0.95) == [(0.5, 3.0), (1.5, 2.0)]
