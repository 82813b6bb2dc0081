"""Files, with conditional and partial requests as RFC 9110 has them (13 and 14)."""

import asyncio
import os
import re
from email.utils import parsedate
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.api.http import problem
from servicekit.errors import InvalidArgument, NotFound

_MAX_RANGES: Final = 16
_RANGE: Final = re.compile(r"(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")
_ETAG: Final = re.compile(r'"[^"]*"')
_NOT_OF_304: Final = ("content-length", "content-type")


class StoredFile(FileResponse):
    """Answers 304 to whoever has the file, and a range that is none of this file's with 416 as a problem.

    Starlette's own answers 400 to what is to be ignored (other units than bytes, malformed ranges), and refuses all of
    several ranges where one is beyond the end.
    """

    chunk_size = 256 * 1024
    """Most pictures are read at once: each read is a thread's."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one GET request."""
        answer = await self._at_once(Headers(scope=scope))
        if answer is not None:
            await answer(scope, receive, send)
            return
        scope = dict(scope)
        headers = MutableHeaders(scope=scope)
        ranges = self._ranges(headers)
        del headers["range"], headers["if-range"]
        if ranges:
            headers["range"] = "bytes=" + ",".join(f"{first}-{last}" for first, last in ranges)
        await super().__call__(scope, receive, send)

    async def _at_once(self, asked: Headers) -> Response | None:
        """The answer, unless it is to be read piece by piece."""
        try:
            found, content = await asyncio.to_thread(_look, self.path, self.chunk_size)
        except FileNotFoundError:  # it has been deleted since the link was verified
            return problem.error_response(NotFound("OBJECT_NOT_FOUND", "This file does not exist, or not any more."))
        self.stat_result = found
        self.set_stat_headers(found)
        if self._is_known(asked):
            kept = {name: value for name, value in self.headers.items() if name not in _NOT_OF_304}
            return Response(status_code=304, headers=kept)
        ranges = self._ranges(asked)
        if ranges == []:
            size = found.st_size
            error = InvalidArgument("RANGE_NOT_SATISFIABLE", f"The file has {size} bytes.", field="Range")
            return problem.response(problem.of_error(error), headers={"Content-Range": f"bytes */{size}"})
        return None if ranges or content is None else Response(content, headers=self.headers)

    def _is_known(self, asked: Headers) -> bool:
        """Whether the client has this file (RFC 9110, 13.2.2)."""
        tags = asked.get("if-none-match")
        if tags is not None:
            return tags.strip() == "*" or self.headers["etag"] in _ETAG.findall(tags)
        since, modified = parsedate(asked.get("if-modified-since")), parsedate(self.headers["last-modified"])
        return since is not None and modified is not None and since >= modified

    def _ranges(self, asked: Headers) -> list[tuple[int, int]] | None:
        """First and last bytes that are asked for, within the file; None where `Range` is to be ignored."""
        assert self.stat_result is not None  # noqa: S101 - `_at_once` has set it
        size = self.stat_result.st_size
        unit, _, text = asked.get("range", "").partition("=")
        parts = [part.strip() for part in text.split(",") if part.strip()]
        another = asked.get("if-range") not in (None, self.headers["etag"], self.headers["last-modified"])
        if unit.strip().lower() != "bytes" or another or not 0 < len(parts) <= _MAX_RANGES:
            return None
        ranges = []
        for part in parts:
            match = _RANGE.fullmatch(part)
            if match is None:
                return None
            start, end, suffix = (int(number) if number else None for number in match.groups())
            if start is None:
                start, end = max(size - (suffix or 0), 0), None
            elif end is not None and end < start:
                return None
            if start < size:
                ranges.append((start, min(size - 1 if end is None else end, size - 1)))
        return ranges


def _look(path: str | os.PathLike[str], most: int) -> tuple[os.stat_result, bytes | None]:
    """What is known of a file, and what it holds where that is at most so many bytes; raises FileNotFoundError."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - buffering takes calls more
        found = os.fstat(file.fileno())
        content = file.read(found.st_size) if found.st_size <= most else None
        return found, content
