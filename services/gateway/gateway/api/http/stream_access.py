"""Who may watch a job's events: its tenant by key or token, and whoever holds a ticket for it."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection

from gateway.api.auth import Scope
from gateway.api.auth.admission import Admission, check_quota
from gateway.api.http.authorization import client_address
from gateway.api.limits import Cost, headers
from gateway.api.limits.streams import StreamLimiter
from gateway.api.public_address import websocket
from gateway.api.transformations import Transformations
from gateway.jobs import ids


@dataclass(frozen=True, kw_only=True)
class StreamLinks:
    """Addresses of a job's events; where tickets are needed, each is good for one use. And the job's share token."""

    websocket_url: str
    events_url: str
    share_token: str
    """Empty where nobody is asked for a key."""


class StreamAccess:
    """Makes these addresses, and checks whoever opens one."""

    def __init__(self, admission: Admission, transformations: Transformations, limiter: StreamLimiter) -> None:
        self.limiter = limiter
        self._admission = admission
        self._transformations = transformations

    async def links(self, job_id: str, base: str) -> StreamLinks:
        """Fresh addresses of a job that the caller may see; raises Unavailable.

        A WebSocket's ticket is part of the path, so that an app may append `?after=SEQ` to the address.
        """
        socket, events = f"/ws/transform/{job_id}", f"/transform/events/{job_id}"
        if not self._admission.open:
            socket += f"/{await self._admission.ticket(job_id)}"
            events += f"?ticket={await self._admission.ticket(job_id)}"
        share = await self._admission.share_token(job_id)
        return StreamLinks(websocket_url=websocket(base, socket), events_url=base + events, share_token=share)

    async def authorize(self, job_id: str, *, ticket: str, connection: HTTPConnection) -> tuple[str, str]:
        """The id of a job that the holder of the ticket, or the sender of the connection's headers, may watch.

        With it comes the client that the stream counts for; with a ticket that is the job's tenant. Raises NotFound,
        Unauthenticated, PermissionDenied, Exhausted, Unavailable.
        """
        if ticket and not self._admission.open:
            job_id = ids.validate(job_id)
            await self._admission.redeem(ticket, job_id)
            return job_id, await self._transformations.tenant(job_id)
        caller = await self._admission.caller(connection.headers, Scope.READ, address=client_address(connection))
        rate_limit = await self._admission.spend(caller, Cost.READ)
        setattr(connection.state, headers.STATE, rate_limit)
        check_quota(rate_limit)
        return await self._transformations.authorize(job_id, caller), caller.client
