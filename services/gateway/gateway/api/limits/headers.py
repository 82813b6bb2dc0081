"""What a caller's limits look like in an answer: `RateLimit-Policy` and `RateLimit`.

Both are lists of structured fields, as draft-ietf-httpapi-ratelimit-headers-11 names them: a policy with its quota `q`
(in units of ours, which are no requests) and its window `w`, and what remains `r` with the seconds `t` until the quota
is there again.
"""

import math
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.limits import RateLimitStatus

POLICY_HEADER: Final = "RateLimit-Policy"
LIMIT_HEADER: Final = "RateLimit"
STATE: Final = "rate_limit_status"
"""Where a route leaves a request's RateLimitStatus in `scope["state"]`."""

_POLICY: Final = "units"
_WINDOW_SECONDS: Final = 60


def fields(rate_limit: RateLimitStatus) -> dict[str, str]:
    """The two headers."""
    return {
        POLICY_HEADER: f'"{_POLICY}";q={rate_limit.quota};w={_WINDOW_SECONDS}',
        LIMIT_HEADER: f'"{_POLICY}";r={rate_limit.remaining};t={math.ceil(rate_limit.full_seconds)}',
    }


class RateLimitHeaders:
    """Adds them to every answer whose request was counted, also to errors."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            rate_limit = scope.get("state", {}).get(STATE)
            if message["type"] == "http.response.start" and rate_limit is not None:
                MutableHeaders(scope=message).update(fields(rate_limit))
            await send(message)

        await self._app(scope, receive, answer)
