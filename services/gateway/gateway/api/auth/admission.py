"""What every transport asks first: who calls, whether they may do this, and whether their quota allows it."""

import dataclasses
from collections.abc import Mapping

from gateway.api.auth import Authenticator, Caller, Scope
from gateway.api.auth.credentials import credential
from gateway.api.auth.share_tokens import ShareTokens
from gateway.api.auth.stream_tokens import StreamTokenIssuer
from gateway.api.limits import Cost, Limiter, RateLimitStatus
from servicekit.addresses import one_client
from servicekit.errors import Exhausted, PermissionDenied


class Admission:
    """Lets callers in and counts what they use."""

    def __init__(
        self, authenticator: Authenticator, limiter: Limiter, tickets: StreamTokenIssuer, shares: ShareTokens
    ) -> None:
        self._authenticator = authenticator
        self._limiter = limiter
        self._tickets = tickets
        self._shares = shares

    @property
    def open(self) -> bool:
        """Whether everybody may come in."""
        return self._authenticator.open

    async def caller(self, headers: Mapping[str, str], scope: Scope, *, address: str) -> Caller:
        """Who sends these headers (names in lower case) from an address.

        Raises Unauthenticated, PermissionDenied, Unavailable.
        """
        caller = await self._authenticator.caller(credential(headers))
        if not caller.may(scope):
            raise PermissionDenied("SCOPE_MISSING", f"This key or token does not have the scope {scope.value!r}.")
        return dataclasses.replace(caller, address=one_client(address)) if self.open else caller

    async def spend(self, caller: Caller, cost: Cost) -> RateLimitStatus | None:
        """Counts a request; raises Unavailable. Send the result in headers, then give it to `check_quota`."""
        return await self._limiter.spend(caller, cost)

    async def ticket(self, job_id: str) -> str:
        """A ticket for the events of a job; empty where nobody is asked for a key. Raises Unavailable."""
        return "" if self._authenticator.open else await self._tickets.issue(job_id)

    async def share_token(self, job_id: str) -> str:
        """What lets whoever has it look at a job; empty where nobody is asked for a key. Raises Unavailable."""
        return "" if self._authenticator.open else await self._shares.token(job_id)

    async def spend_shared(self, job_id: str, token: str) -> RateLimitStatus | None:
        """Checks a share token and counts the request, for this job alone; raises NotFound, Unavailable."""
        if not self.open:
            await self._shares.check(job_id, token)
        return await self.spend(Caller(tenant=f"share:{job_id}", scopes=frozenset()), Cost.READ)

    async def redeem(self, ticket: str, job_id: str) -> None:
        """Uses a ticket up; raises Unauthenticated, Unavailable."""
        await self._tickets.redeem(ticket, job_id)


def check_quota(rate_limit: RateLimitStatus | None) -> None:
    """Raises Exhausted (RATE_LIMITED) where too few units were left."""
    if rate_limit is not None and rate_limit.wait_seconds > 0:
        message = f"You have used your {rate_limit.quota} units a minute."
        raise Exhausted("RATE_LIMITED", message, retry_after_seconds=rate_limit.wait_seconds)
