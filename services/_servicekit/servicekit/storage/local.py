"""Objects as files of a directory, read through signed links that the gateway serves.

objects/…    one file an object, at its key's path
incoming/…   files being written, renamed into place once they are on the disk
link-secret  the secret that links are signed with, unless a setting names one

None of these is reached through a symbolic link: whoever can make one here must not have this process read or write
elsewhere. The directory itself may be one.
"""

import asyncio
import contextlib
import errno
import mimetypes
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, TypeVar

from servicekit.errors import NotFound, Unavailable
from servicekit.observability import logs
from servicekit.storage import StoredObject, validate_key
from servicekit.storage.links import LinkSigner

Value = TypeVar("Value")

log = logs.get(__name__)

LINK_PREFIX: Final = "/files/"
_PUT_ATTEMPTS: Final = 8
_BINARY: Final = getattr(os, "O_BINARY", 0)
"""On Windows."""
_READ: Final = os.O_RDONLY | _BINARY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Waits for nobody, should it be a pipe."""
_LOCATE: Final = getattr(os, "O_PATH", os.O_RDONLY)


@dataclass(frozen=True, kw_only=True)
class LocalObject:
    """The file behind a valid link."""

    path: Path
    size: int
    """Bytes."""
    content_type: str
    """As the key's suffix says."""


class _Missing(Exception):  # noqa: N818 - a signal within this module
    """There is no such file."""


class LocalStore:
    """An ObjectStore on a local file system; several processes may share the directory.

    A key may not lie below another (`a` and `a/b`), and an object's content type is what its suffix says.
    """

    def __init__(self, directory: Path, *, link_secret: str = "") -> None:
        """Makes the directory; without a secret, one is generated once and stored there."""
        directory.mkdir(parents=True, exist_ok=True)
        directory = directory.resolve()
        self._objects = directory / "objects"
        self._incoming = directory / "incoming"
        for path in (self._objects, self._incoming):
            path.mkdir(exist_ok=True)
        self._signer = LinkSigner(link_secret.encode() or _stored_secret(directory / "link-secret"), prefix=LINK_PREFIX)

    async def put(self, key: str, data: bytes, *, content_type: str, durable: bool = True) -> None:
        """Writes a temporary file, syncs it if it is to be durable, renames it; raises Unavailable where it fails."""
        files = {self._path(key): data}
        await _off_loop(lambda: self._write(files, durable=durable))

    async def put_all(self, objects: Sequence[StoredObject]) -> None:
        """Writes and syncs temporary files, renames them, and then syncs each folder once; the suffix says the type."""
        files = {self._path(one.key): one.data for one in objects}
        await _off_loop(lambda: self._write(files, durable=True))

    async def get(self, key: str) -> bytes:
        """Reads a file; raises NotFound."""
        path = self._path(key)
        return await _off_loop(lambda: _read(path))

    async def delete(self, key: str) -> None:
        """Deletes a file and the folders that this leaves empty."""
        path = self._path(key)
        await _off_loop(lambda: self._remove(path))

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Yields keys as they were when the listing began."""
        for key in await _off_loop(lambda: list(self._keys(prefix))):
            yield key

    async def url(self, key: str, *, expires_seconds: int, filename: str = "") -> str:
        """A path with a signature, `/files/…`; the gateway adds its own address, and heeds `download`."""
        link = self._signer.sign(validate_key(key), expires_seconds=expires_seconds)
        return f"{link}&download={filename}" if filename else link

    async def open_signed(self, key: str, *, expires: str, signature: str) -> LocalObject:
        """The file behind a link; raises NotFound where the link is invalid or expired, or the object is gone."""
        self._signer.verify(key, expires=expires, signature=signature)
        path = self._path(key)
        size = await _off_loop(lambda: _size(path))
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return LocalObject(path=path, size=size, content_type=content_type)

    async def check(self) -> None:
        """Writes and removes a file."""
        await _off_loop(self._probe)

    async def close(self) -> None:
        """Holds nothing open."""

    def _path(self, key: str) -> Path:
        return self._objects / validate_key(key)

    def _write(self, files: Mapping[Path, bytes], *, durable: bool) -> None:
        incoming = _unlinked(self._incoming)
        written: dict[Path, list[tuple[str, Path]]] = {}
        try:
            for path, data in files.items():
                temporary = f"{incoming}/{secrets.token_hex(16)}"
                written.setdefault(path.parent, []).append((temporary, path))
                _write_file(temporary, data, durable=durable)
            for folder, moves in written.items():
                self._rename(folder, moves)
        except BaseException:
            for temporary, _path in chain.from_iterable(written.values()):
                Path(temporary).unlink(missing_ok=True)
            raise
        if durable:
            for folder in written:
                _sync_folder(folder)

    def _rename(self, folder: Path, moves: Sequence[tuple[str, Path]]) -> None:
        """Moves files into their folder; repeated, since a delete may remove it as soon as it is there."""
        waiting = list(moves)
        for _attempt in range(_PUT_ATTEMPTS):
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                _unlinked(folder).mkdir(parents=True, exist_ok=True)
                while waiting:
                    os.replace(*waiting[-1])  # noqa: PTH105 - as _write_file
                    waiting.pop()
                return
        raise OSError(errno.EBUSY, "the folder is removed again and again", str(folder))

    def _remove(self, path: Path) -> None:
        _unlinked(path.parent)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._objects:
                break
            try:
                folder.rmdir()
            except OSError:  # it is not empty
                break

    def _keys(self, prefix: str) -> Iterator[str]:
        folder = self._objects / prefix.rpartition("/")[0]
        if ".." in folder.parts:
            raise ValueError(f"not a prefix of object keys: {prefix[:80]!r}")
        for parent, _folders, names in os.walk(_unlinked(folder)):
            for name in names:
                key = (Path(parent) / name).relative_to(self._objects).as_posix()
                if key.startswith(prefix):
                    yield key

    def _probe(self) -> None:
        path = _unlinked(self._incoming) / secrets.token_hex(16)
        path.touch(exist_ok=False)
        path.unlink()


async def _off_loop(function: Callable[[], Value]) -> Value:
    """Runs file operations in a thread; errors of the file system become ServiceErrors."""
    working = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        # the thread goes on all the same: wait, so that no file appears after its writer has ended
        await asyncio.gather(working, return_exceptions=True)
        raise
    except _Missing as error:
        raise NotFound("OBJECT_NOT_FOUND", "This picture does not exist, or not any more.") from error
    except OSError as error:
        log.warning("the disk refuses", problem=str(error))
        raise Unavailable("STORAGE_UNAVAILABLE", "The picture store does not answer.") from error


def _read(path: Path) -> bytes:
    with _existing(path) as (handle, size):
        data = os.read(handle, size)
        while len(data) < size and (more := os.read(handle, size - len(data))):  # Linux reads 2 GB at a time at most
            data += more
        return data


def _size(path: Path) -> int:
    with _existing(path) as (_handle, size):
        return size


@contextlib.contextmanager
def _existing(path: Path) -> Iterator[tuple[int, int]]:
    """Handle and size of a file; raises _Missing, and OSError where a symbolic link is on its way or at its end."""
    try:
        handle = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _Missing from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise _Missing
        _check_place(handle, path)
        yield handle, found.st_size
    finally:
        os.close(handle)


def _unlinked(path: Path) -> Path:
    """The path; raises OSError where a symbolic link is on its way or at its end."""
    try:
        handle = os.open(path, _LOCATE)
    except OSError:
        handle = -1
    try:
        _check_place(handle, path)
    finally:
        if handle >= 0:
            os.close(handle)
    return path


def _check_place(handle: int, path: Path) -> None:
    """Raises OSError unless what was opened at a path lies there; -1 is a path that cannot be opened.

    Linux says where an open file lies; following the path takes a call for each folder on its way, and each call of a
    thread may wait for the others' turns.
    """
    if handle >= 0:
        with contextlib.suppress(OSError):  # not Linux
            if os.readlink(f"/proc/self/fd/{handle}") == str(path):  # noqa: PTH115 - as _write_file
                return
    if os.path.realpath(path) != str(path):
        raise OSError(errno.ELOOP, "a symbolic link is not followed", str(path))


def _write_file(path: str, data: bytes, *, durable: bool) -> None:
    """Makes a file; without the layers of io and pathlib, which take longer than the file system does."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if durable:
            os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    """Makes a rename survive a power failure."""
    with contextlib.suppress(FileNotFoundError):  # already deleted by somebody: nothing to keep
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _stored_secret(path: Path) -> bytes:
    """The directory's own secret; of several processes that start together, one makes it and the others read it."""
    with contextlib.suppress(FileExistsError):
        made = path.with_name(f"link-secret-{secrets.token_hex(8)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(32))
        try:
            os.link(made, path)  # fails where another process was first
        finally:
            made.unlink()
    return _unlinked(path).read_bytes()
