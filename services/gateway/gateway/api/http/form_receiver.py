"""Receives the forms of this API."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from fastapi import Request

from gateway.api import webhook_policy
from gateway.api.auth import Caller
from gateway.api.http.authorization import client_address
from gateway.api.limits.bucket import PhotoQuota
from gateway.api.uploads import preferences
from gateway.api.uploads.budget import UploadBudget
from gateway.api.uploads.form import FormRules, Part, read_form
from gateway.api.uploads.header import FIELD as PHOTO
from gateway.api.uploads.style_image import FIELD as STYLE_IMAGE
from servicekit.errors import InvalidArgument
from servicekit.jobstore import Priority
from servicekit.webhooks.ssrf import MAX_URL_LENGTH

STYLE: Final = "style"
PRIORITY: Final = "priority"
_MAX_WORD_BYTES: Final = 64


class FormReceiver:
    """Reads forms within the limits of this process."""

    def __init__(self, *, max_file_bytes: int, seconds: float, budget: UploadBudget, quota: PhotoQuota) -> None:
        """`seconds` is how long a body may take, `budget` how much memory all of them together may take."""
        self.max_file_bytes = max_file_bytes
        self._quota = quota
        photo = Part(name=PHOTO, max_bytes=max_file_bytes)
        style = Part(name=STYLE, max_bytes=_MAX_WORD_BYTES)
        priority = Part(name=PRIORITY, max_bytes=_MAX_WORD_BYTES, required=False)
        preferences_part = Part(name=preferences.FIELD, max_bytes=preferences.MAX_BYTES, required=False)
        webhook = Part(name=webhook_policy.FIELD, max_bytes=MAX_URL_LENGTH, required=False)
        style_image = Part(name=STYLE_IMAGE, max_bytes=max_file_bytes, required=False)
        parts = (photo, style, preferences_part, priority, webhook, style_image)
        self._submission = FormRules(parts=parts, seconds=seconds)
        self._photo = FormRules(parts=(photo,), seconds=seconds)
        self.budget = budget
        """Shared with gRPC."""

    @asynccontextmanager
    async def submission(self, request: Request, caller: Caller) -> AsyncGenerator[dict[str, bytes]]:
        """Photo, style and optional parts; their memory counts until the block ends."""
        async with self._form(request, caller, self._submission) as form:
            yield form

    @asynccontextmanager
    async def photo(self, request: Request, caller: Caller) -> AsyncGenerator[dict[str, bytes]]:
        """A photo alone."""
        async with self._form(request, caller, self._photo) as form:
            yield form

    @asynccontextmanager
    async def _form(self, request: Request, caller: Caller, rules: FormRules) -> AsyncGenerator[dict[str, bytes]]:
        await self._quota.check(client_address(request))
        with self.budget.share(caller.client) as share:
            yield await read_form(request.headers, request.stream(), rules, share)


def priority(form: Mapping[str, bytes]) -> Priority:
    """The form's priority, `interactive` where it says none; raises InvalidArgument."""
    try:
        return Priority(form[PRIORITY].decode()) if PRIORITY in form else Priority.INTERACTIVE
    except ValueError as error:
        message = f"{PRIORITY} must be {' or '.join(Priority)}."
        raise InvalidArgument("FIELD_INVALID", message, field=PRIORITY) from error
