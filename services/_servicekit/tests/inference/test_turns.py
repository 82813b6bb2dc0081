"""FairTurns: tenants take turns, however much one of them has waiting."""

import asyncio

from servicekit.inference.turns import FairTurns


async def order_of(turns: FairTurns, *tenants: str) -> list[str]:
    """All ask at once, while one turn is taken; the order in which they get theirs."""
    order: list[str] = []

    async def work(tenant: str) -> None:
        async with turns.turn(tenant):
            order.append(tenant)
            await asyncio.sleep(0)

    await turns.acquire("first")
    tasks = [asyncio.create_task(work(tenant)) for tenant in tenants]
    await asyncio.sleep(0)
    turns.release()
    await asyncio.gather(*tasks)
    return order


async def test_tenants_alternate_and_one_alone_keeps_its_order() -> None:
    assert await order_of(FairTurns(), *"aaaabbc") == list("abcabaa")


async def test_as_many_at_a_time_as_it_says() -> None:
    turns, running, most = FairTurns(2), 0, 0

    async def work(tenant: str) -> None:
        nonlocal running, most
        async with turns.turn(tenant):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(work(tenant) for tenant in "abcab"))
    assert most == 2


async def test_who_leaves_the_queue_takes_no_turn_along() -> None:
    turns = FairTurns()
    await turns.acquire()
    waiting = [asyncio.create_task(turns.acquire(tenant)) for tenant in "abc"]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    turns.release()
    waiting[1].cancel()  # in the moment in which its turn comes
    async with asyncio.timeout(5):
        await waiting[2]
        turns.release()
        await turns.acquire()
