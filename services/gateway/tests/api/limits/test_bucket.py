"""How much a caller may use: a bucket of units in Redis, told in headers, the same for all replicas."""

import asyncio
import re
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.api.auth import ANYBODY, Caller, Scope
from gateway.api.limits import Cost
from gateway.api.limits.bucket import BucketLimiter, PhotoQuota, TokenBuckets
from gateway.api.shared_state import SharedState
from servicekit.errors import Exhausted
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.api_keys import key_file, key_holder
from tests.fixtures.gateway import StartGateway, photo
from tests.fixtures.jobstore import FaultyNetwork

FORM: dict[str, Any] = {"files": {"file": ("room.jpg", photo())}, "data": {"style": "modern"}}


def caller(tenant: str, units_per_minute: int = 0) -> Caller:
    return Caller(tenant=tenant, scopes=frozenset({Scope.READ}), units_per_minute=units_per_minute)


async def test_a_bucket_is_used_up_and_fills_again(jobstore_settings: JobStoreSettings) -> None:
    state = SharedState(jobstore_settings)
    limiter = BucketLimiter(TokenBuckets(state), units_per_minute=600)  # ten a second
    statuses = [await limiter.spend(caller("a"), Cost.SUBMIT) for _ in range(31)]
    granted = [rate_limit for rate_limit in statuses if not rate_limit.wait_seconds]
    assert len(granted) in (30, 31)
    assert [rate_limit.quota for rate_limit in statuses] == [600] * 31
    assert granted[0].remaining == 580
    last = statuses[-1] if statuses[-1].wait_seconds else await limiter.spend(caller("a"), Cost.SUBMIT)
    assert 0 < last.wait_seconds <= 2
    assert 50 < last.full_seconds <= 60
    assert not (await limiter.spend(caller("b"), Cost.SUBMIT)).wait_seconds
    await asyncio.sleep(last.wait_seconds)  # what it said
    assert not (await limiter.spend(caller("a"), Cost.SUBMIT)).wait_seconds
    await state.close()


async def test_all_replicas_count_together(jobstore_settings: JobStoreSettings) -> None:
    states = [SharedState(jobstore_settings) for _ in range(3)]
    limiters = [BucketLimiter(TokenBuckets(state), units_per_minute=60) for state in states]
    statuses = await asyncio.gather(*(limiters[n % 3].spend(caller("a"), Cost.READ) for n in range(90)))
    assert sum(not rate_limit.wait_seconds for rate_limit in statuses) in range(60, 64)
    for state in states:
        await state.close()


async def test_photos_of_an_address_are_counted_by_all_replicas_and_not_without_redis(
    jobstore_settings: JobStoreSettings, faulty_network: FaultyNetwork
) -> None:
    there = [SharedState(jobstore_settings) for _ in range(2)]
    quotas = [PhotoQuota(TokenBuckets(state), per_minute=2) for state in there]
    for quota in quotas:
        await quota.check("203.0.113.7")
    with pytest.raises(Exhausted, match="Too many photos"):
        await quotas[0].check("203.0.113.7")
    await quotas[0].check("203.0.113.8")
    gone = SharedState(replace(jobstore_settings, redis_url=faulty_network.url))
    await faulty_network.stop()
    for _ in range(5):
        await PhotoQuota(TokenBuckets(gone), per_minute=2).check("203.0.113.7")
    for state in (*there, gone):
        await state.close()


async def test_a_quota_below_the_price_lets_one_through_all_the_same(jobstore_settings: JobStoreSettings) -> None:
    state = SharedState(jobstore_settings)
    limiter = BucketLimiter(TokenBuckets(state), units_per_minute=600)
    small = caller("small", units_per_minute=5)
    first, second = [await limiter.spend(small, Cost.SUBMIT) for _ in range(2)]
    assert (first.wait_seconds, first.quota) == (0.0, 5)
    assert 200 < second.wait_seconds <= 240
    await state.close()


async def test_answers_say_what_remains_and_429_when_to_come_back(start_gateway: StartGateway) -> None:
    small, large = key_holder("small", units_per_minute=45), key_holder("large")
    gateway = await start_gateway(api_keys=key_file(small, large), units_per_minute=6000)
    first = await gateway.http.post("/transform/submit", **FORM, headers=small.headers)
    assert first.status_code == 202
    assert first.headers["ratelimit-policy"] == '"units";q=45;w=60'
    remaining = re.fullmatch(r'"units";r=(\d+);t=(\d+)', first.headers["ratelimit"])
    assert remaining is not None
    assert (int(remaining[1]), int(remaining[2])) == (25, 27)

    analysis = await gateway.http.post("/analyze", files={"file": photo()}, headers=small.headers)
    assert int(re.findall(r"r=(\d+)", analysis.headers["ratelimit"])[0]) in (15, 16, 17)
    refused = await gateway.http.post("/transform/submit", **FORM, headers=small.headers)
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert (refused.json()["code"], refused.json()["retryable"]) == ("RATE_LIMITED", True)
    assert 1 <= int(refused.headers["retry-after"]) <= 7
    assert "r=1" in refused.headers["ratelimit"], "a request that is refused costs nothing"
    path = f"/transform/status/{first.json()['job_id']}"
    assert (await gateway.http.get(path, headers=small.headers)).status_code == 200
    assert (await gateway.http.post("/transform/submit", **FORM, headers=large.headers)).status_code == 202
    events = f"/transform/events/{first.json()['job_id']}"
    async with gateway.http.stream("GET", events, headers=small.headers) as answer:
        assert (answer.status_code, answer.headers["ratelimit-policy"]) == (200, '"units";q=45;w=60')
    unknown = await gateway.http.get(path)
    assert "ratelimit" not in unknown.headers, "nobody's bucket"


async def test_without_keys_nothing_is_counted(start_gateway: StartGateway) -> None:
    gateway = await start_gateway(units_per_minute=1)
    for _ in range(3):
        answer = await gateway.http.post("/transform/submit", **FORM)
        assert answer.status_code == 202
        assert "ratelimit" not in answer.headers
    assert ANYBODY.may(Scope.ADMIN)


async def test_with_redis_gone_everything_that_needs_it_is_503_and_nothing_hangs(
    faulty_network: FaultyNetwork, start_gateway: StartGateway
) -> None:
    holder = key_holder("app")
    gateway = await start_gateway(
        api_keys=holder.toml, redis_url=faulty_network.url, redis_timeout_seconds=0.5, redis_password=""
    )
    accepted = await gateway.http.post("/transform/submit", **FORM, headers=holder.headers)
    assert accepted.status_code == 202
    job_id = accepted.json()["job_id"]

    async def all_unavailable() -> None:
        requests = [
            gateway.http.post("/transform/submit", **FORM, headers=holder.headers),
            gateway.http.get(f"/transform/status/{job_id}", headers=holder.headers),
            gateway.http.get(accepted.json()["events_url"]),
            gateway.http.delete(f"/transform/{job_id}", headers=holder.headers),
        ]
        async with asyncio.timeout(20):
            for answer in await asyncio.gather(*requests):
                assert (answer.status_code, answer.json()["code"]) == (503, "JOB_STORE_UNAVAILABLE")
                assert int(answer.headers["retry-after"]) >= 1

    faulty_network.pause()  # it hangs
    await all_unavailable()
    faulty_network.resume()
    await faulty_network.stop()  # it is gone
    await all_unavailable()
    assert (await gateway.http.get("/health/live")).status_code == 200
    await faulty_network.start()
    async with asyncio.timeout(20):
        while (await _submit(gateway.http, holder.headers)).status_code != 202:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.1)  # until connections are made anew


async def _submit(http: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    return await http.post("/transform/submit", **FORM, headers=headers)
