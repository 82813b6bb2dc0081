"""Receives the forms of this API."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from gateway.api import webhook_policy
from gateway.api.auth import Caller
from gateway.api.field_problems import FieldProblems
from gateway.api.http.authorization import client_address
from gateway.api.limits.bucket import PhotoQuota
from gateway.api.uploads import preferences, style_image
from gateway.api.uploads.budget import UploadBudget, UploadShare
from gateway.api.uploads.fetch import FIELD as PHOTO_URL
from gateway.api.uploads.fetch import PhotoFetcher
from gateway.api.uploads.form import FormRules, Part, read_form
from gateway.api.uploads.header import FIELD as PHOTO
from servicekit.errors import InvalidArgument
from servicekit.jobstore import Priority
from servicekit.jobstore.outbox import EVENTS
from servicekit.webhooks.ssrf import MAX_URL_LENGTH

STYLE: Final = "style"
WEBHOOK_EVENTS: Final = "webhook_events"
PRIORITY: Final = "priority"
_MAX_WORD_BYTES: Final = 64


class FormReceiver:
    """Reads forms within the limits of this process."""

    def __init__(
        self,
        *,
        max_file_bytes: int,
        seconds: float,
        budget: UploadBudget,
        quota: PhotoQuota,
        fetcher: PhotoFetcher | None = None,
    ) -> None:
        """`seconds` is how long a body may take, `budget` how much memory all of them together may take.

        Without a `fetcher` photos by address are refused.
        """
        self.max_file_bytes = max_file_bytes
        self._fetcher = fetcher
        photo = Part(name=PHOTO, max_bytes=max_file_bytes)
        optional_photo = Part(name=PHOTO, max_bytes=max_file_bytes, required=False)
        photo_url = Part(name=PHOTO_URL, max_bytes=MAX_URL_LENGTH, required=False)
        style = Part(name=STYLE, max_bytes=_MAX_WORD_BYTES, required=False)
        priority = Part(name=PRIORITY, max_bytes=_MAX_WORD_BYTES, required=False)
        preferences_part = Part(name=preferences.FIELD, max_bytes=preferences.MAX_BYTES, required=False)
        webhook = Part(name=webhook_policy.FIELD, max_bytes=MAX_URL_LENGTH, required=False)
        events = Part(name=WEBHOOK_EVENTS, max_bytes=_MAX_WORD_BYTES, required=False)
        look = Part(name=style_image.FIELD, max_bytes=max_file_bytes, required=False)
        parts = (optional_photo, photo_url, style, preferences_part, priority, webhook, events, look)
        self._submission = FormRules(parts=parts, seconds=seconds)
        self._photo = FormRules(parts=(photo,), seconds=seconds)
        self.budget = budget
        """Shared with gRPC, as the quota is."""
        self.quota = quota

    @asynccontextmanager
    async def submission(self, request: Request, caller: Caller) -> AsyncGenerator["ReceivedForm"]:
        """Style, optional parts, and the photo: sent, or to be fetched. Their memory counts until the block ends."""
        async with self._form(request, caller, self._submission) as (form, share):
            _check_parts(form, max_file_bytes=self.max_file_bytes)
            yield ReceivedForm(parts=form, caller=caller, share=share, fetcher=self._fetcher)

    @asynccontextmanager
    async def photo(self, request: Request, caller: Caller) -> AsyncGenerator[dict[str, bytes]]:
        """A photo alone."""
        async with self._form(request, caller, self._photo) as (form, _share):
            yield form

    @asynccontextmanager
    async def _form(
        self, request: Request, caller: Caller, rules: FormRules
    ) -> AsyncGenerator[tuple[dict[str, bytes], UploadShare]]:
        await self.quota.check(client_address(request))
        with self.budget.share(caller.client) as share:
            yield await read_form(request.headers, request.stream(), rules, share), share


def _check_parts(form: Mapping[str, bytes], *, max_file_bytes: int) -> None:
    """Raises InvalidFields for a style or photo that is missing, two photos, or pictures too large together."""
    problems = FieldProblems()
    with problems.collected():
        if form.get(PHOTO) and form.get(PHOTO_URL):
            raise InvalidArgument("FIELD_INVALID", f"Send either {PHOTO} or {PHOTO_URL}.", field=PHOTO_URL)
        if PHOTO not in form and not form.get(PHOTO_URL):
            message = f"The part {PHOTO!r} is missing; {PHOTO_URL!r} may take its place."
            raise InvalidArgument("FIELD_MISSING", message, field=PHOTO)
    with problems.collected():
        if STYLE not in form:
            raise InvalidArgument("FIELD_MISSING", f"The part {STYLE!r} is missing.", field=STYLE)
    with problems.collected():
        style_image.check_size(form.get(PHOTO, b""), form.get(style_image.FIELD, b""), max_bytes=max_file_bytes)
    problems.check()


@dataclass(frozen=True, kw_only=True)
class ReceivedForm:
    """A submission as it came."""

    parts: Mapping[str, bytes]
    caller: Caller
    share: UploadShare
    fetcher: PhotoFetcher | None

    def text(self, name: str) -> str:
        """A part as text, empty where it is not there."""
        return self.parts.get(name, b"").decode(errors="replace")

    @property
    def by_address(self) -> bool:
        """Whether the photo is to be fetched. A form of a page sends empty what nobody has filled in."""
        return bool(self.parts.get(PHOTO_URL))

    async def photo(self) -> bytes:
        """The photo, sent or fetched; raises InvalidArgument, Exhausted."""
        if not self.by_address:
            return self.parts[PHOTO]
        if self.fetcher is None:
            raise InvalidArgument("IMAGE_URL_REFUSED", "This server fetches no photos.", field=PHOTO_URL)
        return await self.fetcher.fetch(self.text(PHOTO_URL), tenant=self.caller.client, share=self.share)


def priority(form: Mapping[str, bytes]) -> Priority:
    """The form's priority, `interactive` where it says none; raises InvalidArgument."""
    try:
        return Priority(form[PRIORITY].decode()) if PRIORITY in form else Priority.INTERACTIVE
    except ValueError as error:
        message = f"{PRIORITY} must be {' or '.join(Priority)}."
        raise InvalidArgument("FIELD_INVALID", message, field=PRIORITY) from error


def webhook_events(form: Mapping[str, bytes]) -> tuple[str, ...]:
    """The events that the form asks to be told of, none where it says none; raises InvalidArgument."""
    text = form.get(WEBHOOK_EVENTS, b"").decode(errors="replace")
    words = tuple(dict.fromkeys(word.strip() for word in text.split(","))) if text else ()
    if not set(words) <= set(EVENTS):
        message = f"{WEBHOOK_EVENTS} must be some of {', '.join(EVENTS)}, separated by commas."
        raise InvalidArgument("FIELD_INVALID", message, field=WEBHOOK_EVENTS)
    if words and webhook_policy.FIELD not in form:
        message = f"{WEBHOOK_EVENTS} needs {webhook_policy.FIELD}."
        raise InvalidArgument("FIELD_INVALID", message, field=WEBHOOK_EVENTS)
    return words
