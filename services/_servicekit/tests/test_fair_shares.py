"""FairShares: nobody may hold more than is still free, and what is given back goes to those who wait."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicekit.errors import Exhausted
from servicekit.fair_shares import FairShares


def taken(shares: FairShares, holder: str) -> int:
    """How much a holder gets, one by one."""
    count = 0
    while shares.try_take(holder):
        count += 1
    return count


def test_alone_half_two_a_third_and_the_next_as_much_as_there_is() -> None:
    shares = FairShares(12)
    assert taken(shares, "a") == 6
    assert taken(shares, "b") == 3
    assert taken(shares, "c") == 1
    shares.give_back("a", 6)
    assert taken(shares, "b") == 2
    assert shares.try_take("a", 3)


def test_an_only_request_may_take_all_and_a_second_one_waits_for_its_end() -> None:
    shares = FairShares(10)
    assert shares.try_take("a", 4)
    assert shares.try_take("a", 6, own=4)
    assert not shares.try_take("b", 1)
    shares.give_back("a", 10)
    assert shares.try_take("a", 4)
    assert not shares.try_take("a", 4)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), max_size=60))
def test_nobody_holds_more_than_is_free_but_for_a_first_amount(wanted: list[tuple[str, int]]) -> None:
    shares, held = FairShares(20), dict.fromkeys("abc", 0)
    for holder, amount in wanted:
        if shares.try_take(holder, amount):
            first, held[holder] = not held[holder], held[holder] + amount
            assert first or held[holder] <= 20 - sum(held.values())
    assert sum(held.values()) <= 20


async def test_waiting_ends_with_what_is_given_back_and_passes_over_who_must_wait_on() -> None:
    shares = FairShares(4)
    assert shares.try_take("a", 2)
    order: list[str] = []

    async def take(holder: str, amount: int) -> None:
        await shares.take(holder, amount)
        order.append(holder)

    tasks = [asyncio.create_task(take("a", 2)), asyncio.create_task(take("b", 3))]
    await asyncio.sleep(0)
    shares.give_back("a", 1)
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    assert order == ["b"]
    shares.give_back("b", 3)
    await asyncio.sleep(0)
    assert order == ["b"]
    shares.give_back("a", 1)
    await asyncio.gather(*tasks)
    assert order == ["b", "a"]


async def test_cancelling_takes_nothing() -> None:
    shares = FairShares(2)
    assert shares.try_take("a", 2)
    waiting = [asyncio.create_task(shares.take("b")) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    shares.give_back("a", 2)
    waiting[1].cancel()  # in the moment in which it is granted
    await asyncio.gather(*waiting, return_exceptions=True)
    assert shares.try_take("c", 2)


def test_one_is_given_back_whatever_happens() -> None:
    shares, refusal = FairShares(1), Exhausted("FULL", "Full.")
    with contextlib.suppress(ZeroDivisionError), shares.one("a", refusal=refusal):
        with pytest.raises(Exhausted), shares.one("b", refusal=refusal):
            pass
        raise ZeroDivisionError
    with shares.one("b", refusal=refusal):
        pass
