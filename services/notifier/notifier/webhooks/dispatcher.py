"""Takes deliveries that are due and sees each through one attempt."""

import asyncio
import random
import time
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NoReturn, Protocol, TypeAlias
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge, Histogram

from notifier.webhooks.message import body
from notifier.webhooks.sender import Answer, Unreachable
from notifier.webhooks.signer import Signer
from servicekit.backoff import Backoff
from servicekit.errors import Unavailable
from servicekit.jobstore.outbox import Delivery, Outbox, Outcome, Settlement
from servicekit.observability import logs, tracing
from servicekit.observability.metrics import SECONDS_BUCKETS
from servicekit.rpc import context
from servicekit.webhooks.ssrf import AddressRefused

log = logs.get(__name__)

ATTEMPTS: Final = Counter(
    "modomo_webhook_attempts_total", "Attempts to deliver a webhook, by how they went", ["outcome"]
)
SECONDS: Final = Histogram("modomo_webhook_duration_seconds", "Time that a receiver took", buckets=SECONDS_BUCKETS)
PENDING: Final = Gauge("modomo_webhooks_pending", "Webhooks that are to be delivered, retries included")
LATE_SECONDS: Final = Gauge("modomo_webhooks_late_seconds", "How long the webhook that is due first has been due")

GONE: Final = 410
GONE_SECONDS: Final = 7 * 24 * 3600.0
"""How long nothing is sent to an endpoint that has said that it is gone."""
LEASE_MARGIN_SECONDS: Final = 5.0
"""Beyond an attempt's own time, for writing down how it went."""
_POLL_SECONDS: Final = 0.5
_NO_ROOM_SECONDS: Final = 1.0
_DEFERRED_A_SECOND: Final = 20.0
"""So many of a busy share come back: thousands at once would leave time for nothing else."""


class Post(Protocol):
    """Sends one request."""

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, tenant: str) -> Answer:
        """Raises AddressRefused, Unreachable."""


_Share: TypeAlias = tuple[str, str]
"""A tenant and the host of one of its receivers, or a tenant and "" for all of them."""


class Dispatcher:
    """Delivers several at a time: of each tenant a few to one receiver, and no more in all than there is room left.

    So one tenant alone gets half of all attempts, two get a third each, and there is always room for another one
    (dynamic thresholds with a factor of 1, Choudhury and Hahne 1998).
    """

    def __init__(
        self,
        outbox: Outbox,
        sender: Post,
        signer: Signer,
        *,
        retry_seconds: Sequence[float],
        timeout_seconds: float,
        parallel: int,
        per_receiver: int,
    ) -> None:
        """`retry_seconds` are the pauses after each failed attempt; after the last of them a delivery is given up."""
        self._outbox = outbox
        self._sender = sender
        self._signer = signer
        self._retries = retry_seconds
        self._lease = timeout_seconds + LEASE_MARGIN_SECONDS
        self._parallel = parallel
        self._per_receiver = per_receiver
        self._under_way: set[asyncio.Task[None]] = set()
        self._attempts = 0
        """Under way, for all."""
        self._busy: Tally[_Share] = Tally()
        """Attempts under way by share."""
        self._deferred: dict[_Share, float] = {}
        """Until when deliveries of a share are put off, on the clock of time.monotonic()."""

    async def run(self, *, drain_seconds: float) -> NoReturn:
        """Until it is cancelled; what is under way then has `drain_seconds` to end, else it comes back later."""
        backoff = Backoff()
        try:
            while True:
                try:
                    busy = await self.once()
                except Unavailable:
                    await backoff.wait()
                    continue
                except Exception:  # whatever it is, those who watch jobs here must not suffer from it
                    log.exception("unexpected exception")
                    await backoff.wait()
                    continue
                backoff.reset()
                if not busy:
                    await asyncio.sleep(_POLL_SECONDS)
        finally:
            if self._under_way:
                await asyncio.wait(self._under_way, timeout=drain_seconds)
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)

    async def once(self) -> bool:
        """Starts what is due and there is room for; returns whether there may be more. Raises Unavailable."""
        if len(self._under_way) >= self._parallel:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        room = self._parallel - len(self._under_way)
        state = await self._outbox.state()
        PENDING.set(state.pending)
        LATE_SECONDS.set(state.late_seconds)
        due = await self._outbox.claim(limit=room, lease_seconds=self._lease)
        for delivery in due:
            task = asyncio.create_task(self._see_through(delivery), name=f"webhook of {delivery.job_id}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(due) == room

    async def _see_through(self, delivery: Delivery) -> None:
        """One attempt, written down; where that fails, the lease ends and the delivery comes back."""
        tenant, receiver = (delivery.tenant, ""), (delivery.tenant, _receiver(delivery.url))
        with context.bound(job=delivery.job_id):
            try:
                if self._busy[tenant] >= max(1, self._parallel - self._attempts):
                    settlement = self._defer(tenant)
                elif self._busy[receiver] >= self._per_receiver:
                    settlement = self._defer(receiver)
                else:
                    with self._counted(tenant, receiver):
                        settlement = await self._attempt(delivery, receiver[1])
                await self._outbox.settle(delivery, settlement)
            except Unavailable:
                log.warning("how a webhook went is not written", receiver=receiver[1])

    def _defer(self, whose: _Share) -> Settlement:
        """Puts a delivery off, behind those of the same share that were put off before."""
        now = time.monotonic()
        until = max(now + _NO_ROOM_SECONDS, self._deferred.get(whose, 0.0) + 1 / _DEFERRED_A_SECOND)
        self._deferred[whose] = until
        return Settlement(outcome=Outcome.DEFERRED, delay_seconds=until - now)

    @contextmanager
    def _counted(self, *shares: _Share) -> Iterator[None]:
        """Counts an attempt; keeps nothing of a share that has nothing under way and nothing put off."""
        self._attempts += 1
        self._busy.update(shares)
        try:
            yield
        finally:
            self._attempts -= 1
            self._busy.subtract(shares)
            for share in shares:
                if not self._busy[share]:
                    del self._busy[share]
                    if self._deferred.get(share, 0.0) < time.monotonic():
                        self._deferred.pop(share, None)

    async def _attempt(self, delivery: Delivery, receiver: str) -> Settlement:
        start, trace = time.monotonic(), delivery.traceparent
        with tracing.span("webhook", kind=SpanKind.CLIENT, parent=trace, attempt=delivery.attempt) as span:
            settlement = await self._outcome(delivery, receiver)
            if settlement.outcome is not Outcome.DELIVERED:
                tracing.failed(span, settlement.reason)
        ATTEMPTS.labels(settlement.outcome).inc()
        say = log.info if settlement.outcome is Outcome.DELIVERED else log.warning
        say(
            "webhook",
            outcome=settlement.outcome,
            receiver=receiver,
            attempt=delivery.attempt,
            reason=settlement.reason,
            seconds=round(time.monotonic() - start, 3),
        )
        return settlement

    async def _outcome(self, delivery: Delivery, receiver: str) -> Settlement:
        if await self._outbox.is_closed(delivery.tenant, delivery.url):
            return Settlement(outcome=Outcome.DEAD, reason="ENDPOINT_GONE", receiver=receiver)
        try:
            answer = await self._send(delivery)
        except AddressRefused as error:
            log.warning("webhook leads astray", receiver=receiver, problem=str(error))
            return Settlement(outcome=Outcome.DEAD, reason="FORBIDDEN_ADDRESS", receiver=receiver)
        except Unreachable as error:
            return self._failed(delivery, receiver, reason=str(error))
        if answer.status == GONE:
            await self._outbox.close_endpoint(delivery.tenant, delivery.url, seconds=GONE_SECONDS)
            return Settlement(outcome=Outcome.DEAD, reason=str(GONE), receiver=receiver)
        if answer.accepted:
            return Settlement(outcome=Outcome.DELIVERED, reason=str(answer.status))
        return self._failed(delivery, receiver, reason=str(answer.status), at_least=answer.retry_after_seconds)

    async def _send(self, delivery: Delivery) -> Answer:
        content = body(delivery)
        now = int(time.time())
        headers = self._signer.headers(delivery.message_id, content, tenant=delivery.tenant, timestamp=now)
        try:
            with SECONDS.time():
                return await self._sender.post(delivery.url, content, headers, tenant=delivery.tenant)
        except (AddressRefused, Unreachable):
            raise
        except Exception as error:  # of one delivery: the others go on
            log.exception("unexpected exception")
            raise Unreachable("INTERNAL") from error

    def _failed(self, delivery: Delivery, receiver: str, *, reason: str, at_least: float = 0.0) -> Settlement:
        """Later again, up to a quarter later than planned so that many do not come at once; or never."""
        if delivery.attempt > len(self._retries):
            return Settlement(outcome=Outcome.DEAD, reason=reason, receiver=receiver)
        pause = self._retries[delivery.attempt - 1] * random.uniform(1.0, 1.25)  # noqa: S311 - spreads load
        return Settlement(outcome=Outcome.RETRY, reason=reason, delay_seconds=max(pause, at_least), receiver=receiver)


def _receiver(url: str) -> str:
    """The host of a URL, for bounds and logs: its path and query may hold what nobody should read.

    Without its port: whoever has a server may listen on all of them.
    """
    return (urlsplit(url).hostname or "").rstrip(".")
