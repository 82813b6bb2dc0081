"""What the replicas of the api share, where Redis fails over."""

import asyncio

import pytest

from gateway.api.shared_state import SharedState
from servicekit.errors import Unavailable
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.valkey_failover import ReplicatedValkey


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_it_is_shared_across_a_failover(replicated_valkey: ReplicatedValkey) -> None:
    settings = JobStoreSettings(redis_url=replicated_valkey.url, redis_timeout_seconds=1.0)
    one, other = SharedState(settings), SharedState(settings)
    assert await one.once("ticket", seconds=600)
    assert await one.agreed("salt", "first") == "first"
    await one.keep("gone", "today")
    await replicated_valkey.until_replicated()
    await (await replicated_valkey.primary()).kill()
    async with asyncio.timeout(60):
        while True:
            try:
                assert not await other.once("ticket", seconds=600)
                break
            except Unavailable:
                await asyncio.sleep(0.1)  # as callers do
    assert await other.agreed("salt", "second") == "first"
    assert await other.kept("gone") == "today"
    count = other.script("return {redis.call('INCRBY', KEYS[1], ARGV[1])}")
    assert await count("bucket", 3) == [3]
    for state in (one, other):
        await state.close()
