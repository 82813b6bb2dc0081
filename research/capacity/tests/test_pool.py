"""Pods and their scaling against theory where theory has an answer, and against Kubernetes' formula."""

import math
from functools import partial
from random import Random

import pytest

from research.capacity.clock import Action, Clock
from research.capacity.pool import Kind, Pool
from research.capacity.scaling import Autoscaler, Rule


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
