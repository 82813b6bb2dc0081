"""A multipart body (RFC 7578), read as it arrives: counted, bounded in bytes and in time, every part known by name.

Nothing is written to disk, and nothing is kept of a body that breaks a rule.
"""

import asyncio
import re
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import grpc
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.api.field_problems import InvalidFields
from gateway.api.uploads.budget import UploadShare
from servicekit.errors import InvalidArgument, ServiceError

SLACK_BYTES: Final = 64 * 1024
"""What boundaries and part headers may add to the parts."""
_MAX_NAME: Final = 64


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part that a form may have."""

    name: str
    max_bytes: int
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class FormRules:
    """What a form may be like."""

    parts: Sequence[Part]

    seconds: float
    """How long the body may take to arrive."""

    @property
    def max_bytes(self) -> int:
        """Of the whole body."""
        return sum(part.max_bytes for part in self.parts) + SLACK_BYTES


async def read_form(
    headers: Mapping[str, str], body: AsyncIterable[bytes], rules: FormRules, share: UploadShare
) -> dict[str, bytes]:
    """The parts by name; raises a ServiceError that names the part or the header that is wrong."""
    reader = _Reader(_boundary(headers.get("content-type", "")), rules.parts)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > rules.max_bytes:
        raise _too_large(rules)
    received = 0
    try:
        async with asyncio.timeout(rules.seconds):
            async for chunk in body:
                received += len(chunk)
                share.grow(len(chunk))
                reader.feed(chunk)
                if received > reader.allowance:
                    raise _too_large(rules)
    except TimeoutError as error:
        raise ServiceError(
            "UPLOAD_TIMEOUT",
            f"The request's body took longer than {rules.seconds:g} seconds to arrive.",
            code=grpc.StatusCode.DEADLINE_EXCEEDED,
            metadata={"field": "body"},
        ) from error
    return reader.finish()


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise InvalidArgument("UNSUPPORTED_MEDIA_TYPE", "Send multipart/form-data.", field="Content-Type")
    boundary = options.get(b"boundary", b"")
    if not 1 <= len(boundary) <= 70:  # RFC 2046, 5.1.1
        raise InvalidArgument("MALFORMED_BODY", "Content-Type has no usable boundary.", field="Content-Type")
    return boundary


def _too_large(rules: FormRules) -> InvalidArgument:
    message = f"The request's body has more than {rules.max_bytes / 2**20:.1f} MB."
    largest = max(rules.parts, key=lambda part: part.max_bytes)
    return InvalidArgument("UPLOAD_TOO_LARGE", message, field=largest.name)


class _Reader:
    """Collects parts from the parser's callbacks."""

    def __init__(self, boundary: bytes, parts: Sequence[Part]) -> None:
        self._rules = {part.name: part for part in parts}
        self._values: dict[str, list[bytes]] = {}
        self._ended = False
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._part: Part | None = None
        self._room = 0
        self._delimiter = re.compile(rb"\n(--" + re.escape(boundary) + rb"(?:--|\r\n))")
        self._preamble: bytearray | None = bytearray(b"\r\n")
        """What has arrived before the first delimiter, from the line end that belongs to it; None from there on."""
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begins,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_ends,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_end": self._body_ends,
                },
            )
        except FormParserError as error:
            raise _malformed() from error

    @property
    def allowance(self) -> int:
        """Bytes that the body may have so far: those of the parts that there must be, and of others that have begun."""
        parts = (part for part in self._rules.values() if part.required or part.name in self._values)
        return sum(part.max_bytes for part in parts) + SLACK_BYTES

    def feed(self, chunk: bytes) -> None:
        """Parses what has arrived."""
        if self._preamble is not None:
            searched = max(0, len(self._preamble) - len(self._parser.boundary))  # a delimiter may come in two pieces
            self._preamble += chunk
            delimiter = self._delimiter.search(self._preamble, searched)
            start = delimiter.start(1) if delimiter else len(self._preamble)
            if start > SLACK_BYTES:
                raise _malformed()
            if delimiter is None:
                return
            chunk, self._preamble = bytes(self._preamble[start:]), None
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _malformed() from error

    def finish(self) -> dict[str, bytes]:
        """All parts; raises InvalidArgument where the body was cut off or a part is missing."""
        if not self._ended:
            raise InvalidArgument("MALFORMED_BODY", "The multipart body is incomplete.", field="body")
        missing = [part.name for part in self._rules.values() if part.required and part.name not in self._values]
        if missing:
            raise InvalidFields(
                [InvalidArgument("FIELD_MISSING", f"The part {name!r} is missing.", field=name) for name in missing]
            )
        return {name: b"".join(chunks) for name, chunks in self._values.items()}

    def _part_begins(self) -> None:
        self._disposition = b""
        self._header.clear()
        self._value.clear()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_end(self) -> None:
        _kind, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode(errors="replace")[:_MAX_NAME]
        part = self._rules.get(name)
        if part is None:
            if not name:
                raise InvalidArgument("MALFORMED_BODY", "A part of the body has no name.", field="body")
            raise InvalidArgument("UNKNOWN_FIELD", f"There is no part {name!r} in this request.", field=name)
        if name in self._values:
            raise InvalidArgument("DUPLICATE_FIELD", f"The part {name!r} comes more than once.", field=name)
        self._part = part
        self._room = part.max_bytes
        self._values[name] = []

    def _data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None  # noqa: S101 - data follows headers, says the parser
        self._room -= end - start
        if self._room < 0:
            message = f"{self._part.name} has more than {size_text(self._part.max_bytes)}."
            raise InvalidArgument("UPLOAD_TOO_LARGE", message, field=self._part.name)
        self._values[self._part.name].append(data[start:end])

    def _body_ends(self) -> None:
        self._ended = True


def _malformed() -> InvalidArgument:
    return InvalidArgument("MALFORMED_BODY", "The body is not well-formed multipart/form-data.", field="body")


def size_text(count: int) -> str:
    """A number of bytes, for people."""
    return f"{count / 2**20:g} MB" if count >= 2**20 else f"{count} bytes"
