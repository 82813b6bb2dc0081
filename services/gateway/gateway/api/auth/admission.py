"""What every door asks before it does anything: who is it, may they do this, have they not had enough already."""

from collections.abc import Mapping

from gateway.api.auth import Caller, Gate, Scope
from gateway.api.auth.credentials import credential
from gateway.api.auth.stream_tokens import TicketOffice
from gateway.api.limits import Cost, Limiter, Standing
from servicekit.errors import Exhausted, PermissionDenied


class Admission:
    """Lets callers in and counts what they use."""

    def __init__(self, gate: Gate, limiter: Limiter, tickets: TicketOffice) -> None:
        self._gate = gate
        self._limiter = limiter
        self._tickets = tickets

    @property
    def open(self) -> bool:
        """Whether everybody may come in."""
        return self._gate.open

    async def caller(self, headers: Mapping[str, str], scope: Scope) -> Caller:
        """Who sends these headers (names in lower case); raises Unauthenticated, PermissionDenied, Unavailable."""
        caller = await self._gate.caller(credential(headers))
        if not caller.may(scope):
            raise PermissionDenied("SCOPE_MISSING", f"This key or token does not have the scope {scope.value!r}.")
        return caller

    async def spend(self, caller: Caller, cost: Cost) -> Standing | None:
        """Counts a request; raises Unavailable. What comes back is to be shown to the caller, then `require`d."""
        return await self._limiter.spend(caller, cost)

    async def ticket(self, job_id: str) -> str:
        """A ticket to follow a job of the caller's; empty where nobody needs one. Raises Unavailable."""
        return "" if self._gate.open else await self._tickets.issue(job_id)

    async def redeem(self, ticket: str, job_id: str) -> None:
        """Uses a ticket up; raises Unauthenticated, Unavailable."""
        await self._tickets.redeem(ticket, job_id)


def require(standing: Standing | None) -> None:
    """Raises Exhausted (RATE_LIMITED) where the units were not there."""
    if standing is not None and standing.wait_seconds > 0:
        message = f"You have used your {standing.quota} units a minute."
        raise Exhausted("RATE_LIMITED", message, retry_after_seconds=standing.wait_seconds)
