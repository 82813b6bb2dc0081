"""What the scripts store keeps its names: processes of two releases run side by side on one server in an upgrade."""

import json
import re
from collections import defaultdict
from typing import Any

from redis.asyncio import Redis

from servicekit.jobstore import JobStatus, Priority, Update
from servicekit.jobstore.outbox import Outcome, Settlement
from servicekit.jobstore.redis import JobStoreSettings
from tests.fixtures.jobstore import OpenJobStore, completed, submit_one

# never change a line; add one, and every release that is still run must do without it
STORED = {
    "hash backlog": "batch:DIGEST interactive:DIGEST",
    "hash idempotency:DIGEST": "digest job",
    "hash job:JOB": "appended clock cost created_at deliveries ended_at error expires_at flow idempotency left_by "
    "message owner payload preview_key progress purging queued_at result run_ms seq start started_at status tenant "
    "tick traceparent turn wait_ms webhook_events webhook_url work",
    "hash tally": "cancelled: completed: failed:GAVE_UP",
    "hash webhook:JOB": "attempts created_at ended_at error message reason state status tenant token traceparent url",
    "hash webhook:JOB#accepted": "attempts created_at ended_at error message state status tenant traceparent url",
    "list durations": "",
    "stream dead": "at deliveries job",
    "stream events:JOB": "event",
    "stream webhooks-lost": "at attempts job reason receiver",
    "string clock": "",
    "string webhook-gone:DIGEST": "",
    "zset deadlines": "JOB",
    "zset delayed": "JOB",
    "zset heavy": "batch:DIGEST JOB interactive:DIGEST JOB",
    "zset jobs-of:DIGEST": "JOB",
    "zset leases": "JOB",
    "zset looks": "JOB",
    "zset served": "interactive:DIGEST",
    "zset starts": "batch:DIGEST interactive:DIGEST",
    "zset waiting": "JOB",
    "zset webhooks": "JOB JOB#accepted",
}
PUBLISHED = {
    "announcements": "job_id message preview_key progress seq status step timestamp total_steps traceparent",
    "nudges": "",
}
WEBHOOK_STATES = {"pending", "delivered", "lost"}


def plain(text: str) -> str:
    """A name without what is of one job alone, and without the namespace."""
    text = re.sub(r"[0-9a-f]{64}", "DIGEST", text.rpartition("}:")[2])
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "JOB", text)


async def stored(redis: Any, namespace: str, found: dict[str, set[str]]) -> None:
    """Adds what there is now: types and names of keys, with their fields or members."""
    async for key in redis.scan_iter(f"{{{namespace}}}:*"):
        kind = await redis.type(key)
        match kind:
            case "hash":
                names = await redis.hkeys(key)
            case "zset":
                names = await redis.zrange(key, 0, -1)
            case "stream":
                names = [name for _id, fields in await redis.xrange(key) for name in fields]
            case _:
                names = []
        found[f"{kind} {plain(key)}"] |= {plain(name) for name in names}


async def test_the_names_of_what_is_stored_and_published_stay(
    open_jobstore: OpenJobStore, jobstore_settings: JobStoreSettings, redis: Redis
) -> None:
    jobstore, namespace = open_jobstore(joblog_max_deliveries=1), jobstore_settings.joblog_namespace
    found, published, states = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set), set[str]()
    known = {"tenant": "t", "webhook_url": "https://receiver.example/", "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"}
    async with redis.pubsub() as channels:
        await channels.psubscribe(f"{{{namespace}}}:*")
        await channels.get_message(timeout=10)  # the confirmation
        for number, priority in enumerate((Priority.BATCH, *[Priority.INTERACTIVE] * 2)):
            await submit_one(jobstore, **known, priority=priority, idempotency_key=str(number), request_digest="ab")
            await submit_one(
                jobstore, **known, priority=priority, cost=3, first_look=True
            )  # its flow goes on after the first
            await stored(redis, namespace, found)
            claim = await jobstore.queue.claim()
            await claim.append(Update(status=JobStatus.ANALYZING, progress=0.1, message="…", preview_key="p"))
            await claim.wait_for_device()
            await stored(redis, namespace, found)
            match number:
                case 0:
                    await claim.retry(delay_seconds=60, counts=False)
                    await stored(redis, namespace, found)
                    await jobstore.jobs.begin_purge(claim.job.job_id, message="Deleted.")
                case 1:
                    await claim.finish(completed())
                case 2:
                    await claim.retry(delay_seconds=0)  # once too often: a dead letter
        for outcome in (Outcome.DELIVERED, Outcome.DEAD):
            (delivery,) = await jobstore.outbox.claim(limit=1, lease_seconds=60)
            await stored(redis, namespace, found)
            await jobstore.outbox.settle(delivery, Settlement(outcome=outcome, reason="503", receiver="r.example"))
        await submit_one(jobstore, **known, webhook_events=("accepted", "failed"))
        await jobstore.outbox.close_endpoint("t", "https://gone.example/", seconds=60)
        await stored(redis, namespace, found)
        async for key in redis.scan_iter(f"{{{namespace}}}:webhook:*"):
            states.add(str(await redis.hget(key, "state")))
        while (message := await channels.get_message(ignore_subscribe_messages=True, timeout=0.1)) is not None:
            published[plain(message["channel"])].update(
                json.loads(message["data"]) if message["data"].startswith("{") else ()
            )
    await jobstore.outbox.close()
    assert {name: " ".join(sorted(fields)) for name, fields in found.items()} == STORED
    assert {name: " ".join(sorted(fields)) for name, fields in published.items()} == PUBLISHED
    assert states == WEBHOOK_STATES
