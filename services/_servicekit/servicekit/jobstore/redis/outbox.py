"""The notifier's second side: deliveries of webhooks, on a schedule that outlives every process."""

import uuid
from collections.abc import Mapping, Sequence

from servicekit.jobstore import JobStatus
from servicekit.jobstore.outbox import Delivery, OutboxState, Settlement
from servicekit.jobstore.redis import records
from servicekit.jobstore.redis.connection import RedisRole


class RedisOutbox(RedisRole):
    """An Outbox on Redis: a sorted set of due times, and one hash a delivery."""

    async def claim(self, *, limit: int, lease_seconds: float) -> Sequence[Delivery]:
        """Leases what is due; raises Unavailable."""
        claimed = []
        for name in await self._redis.due(self._redis.keys.webhooks, limit=limit):
            token = uuid.uuid4().hex
            flat = await self._redis.run("claim_delivery", name, token, round(lease_seconds * 1000))
            if flat:
                claimed.append(_delivery(name, token, records.fields(flat)))
        return claimed

    async def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Records an outcome; raises Unavailable."""
        await self._redis.run(
            "settle_delivery",
            delivery.name,
            delivery.token,
            settlement.outcome,
            round(settlement.delay_seconds * 1000),
            settlement.reason,
            settlement.receiver,
        )

    async def close_endpoint(self, tenant: str, url: str, *, seconds: float) -> None:
        """Remembers that an endpoint is gone; raises Unavailable."""
        key = self._redis.keys.endpoint_gone(tenant, url)
        await self._redis.atomically(("SET", key, 1, "PX", round(seconds * 1000)))

    async def is_closed(self, tenant: str, url: str) -> bool:
        """Whether an endpoint is gone; raises Unavailable."""
        return await self._redis.is_endpoint_gone(tenant, url)

    async def state(self) -> OutboxState:
        """Counts; raises Unavailable."""
        key = self._redis.keys.webhooks
        pending, first = await self._redis.atomically(("ZCARD", key), ("ZRANGE", key, 0, 0, "WITHSCORES"))
        due = records.lowest_score(first)
        late = await self._redis.now() - due if due is not None else 0.0
        return OutboxState(pending=pending, late_seconds=max(0.0, late / 1000))


def _delivery(name: str, token: str, fields: Mapping[str, str]) -> Delivery:
    return Delivery(
        name=name,
        job_id=name.partition("#")[0],
        tenant=fields["tenant"],
        url=fields["url"],
        status=JobStatus(fields["status"]),
        message=fields["message"],
        error=fields["error"],
        created_at=records.time(fields["created_at"]),
        happened_at=records.time(fields["ended_at"]),
        attempt=int(fields["attempts"]),
        token=token,
        traceparent=fields.get("traceparent", ""),
    )
