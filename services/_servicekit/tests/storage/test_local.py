"""What is particular to the local store: signed links, and several writers in one directory."""

import asyncio
import errno
import os
import stat
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from servicekit.errors import NotFound, Unavailable
from servicekit.storage import StoredObject
from servicekit.storage.links import LinkSigner
from servicekit.storage.local import LocalStore

SECRET = "0123456789abcdef"


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path, link_secret=SECRET)


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_local_link_opens_its_object(local: LocalStore) -> None:
    await local.put("jobs/1/a.jpg", b"photo", content_type="image/jpeg")
    url = await local.url("jobs/1/a.jpg", expires_seconds=60)
    assert urlsplit(url).path == "/files/jobs/1/a.jpg"
    opened = await local.open_signed("jobs/1/a.jpg", **_query(url))
    assert opened.path.read_bytes() == b"photo"
    assert (opened.size, opened.content_type) == (5, "image/jpeg")


async def test_local_link_that_was_tampered_with(local: LocalStore) -> None:
    for key in ("jobs/1/a.jpg", "jobs/2/a.jpg"):
        await local.put(key, b"photo", content_type="image/jpeg")
    good = _query(await local.url("jobs/1/a.jpg", expires_seconds=60))
    later = str(int(good["expires"]) + 1)
    flipped = ("A" if good["signature"][0] != "A" else "B") + good["signature"][1:]
    forged: list[tuple[str, dict[str, str]]] = [
        ("jobs/2/a.jpg", good),
        ("jobs/1/a.jpg", {**good, "expires": later}),
        ("jobs/1/a.jpg", {**good, "expires": "١٢٣"}),
        ("jobs/1/a.jpg", {**good, "expires": ""}),
        ("jobs/1/a.jpg", {**good, "signature": flipped}),
        ("jobs/1/a.jpg", {**good, "signature": ""}),
        ("jobs/1/a.jpg", {**good, "signature": "é\ud800"}),
        ("../link-secret", good),
    ]
    for key, query in forged:
        with pytest.raises(NotFound) as caught:
            await local.open_signed(key, **query)
        assert caught.value.reason == "LINK_INVALID"


async def test_local_link_of_another_secret(local: LocalStore, tmp_path: Path) -> None:
    await local.put("a.jpg", b"photo", content_type="image/jpeg")
    other = LocalStore(tmp_path, link_secret="another secret of ours")
    with pytest.raises(NotFound):
        await local.open_signed("a.jpg", **_query(await other.url("a.jpg", expires_seconds=60)))


async def test_local_link_expires(local: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    await local.put("a.jpg", b"photo", content_type="image/jpeg")
    query = _query(await local.url("a.jpg", expires_seconds=60))
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 61)
    with pytest.raises(NotFound):
        await local.open_signed("a.jpg", **query)


async def test_local_link_to_nothing(local: LocalStore) -> None:
    with pytest.raises(NotFound) as caught:
        await local.open_signed("a.jpg", **_query(await local.url("a.jpg", expires_seconds=60)))
    assert caught.value.reason == "OBJECT_NOT_FOUND"


async def test_signed_path_traversal_is_refused_even_with_the_secret(local: LocalStore) -> None:
    """Whoever has the secret still reaches objects alone."""
    query = _query(LinkSigner(SECRET.encode(), prefix="/files/").sign("../link-secret", expires_seconds=60))
    with pytest.raises(NotFound):
        await local.open_signed("../link-secret", **query)


async def test_local_list_stays_inside(local: LocalStore) -> None:
    with pytest.raises(ValueError, match="not a prefix"):
        [key async for key in local.list("../")]


async def test_local_secret_is_drawn_once_for_all_processes(tmp_path: Path) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(LocalStore, tmp_path) for _ in range(8)))
    await stores[0].put("a.jpg", b"photo", content_type="image/jpeg")
    for signing in stores:
        await stores[0].open_signed("a.jpg", **_query(await signing.url("a.jpg", expires_seconds=60)))
    assert (tmp_path / "link-secret").stat().st_mode & 0o077 == 0


async def test_local_put_and_delete_at_once(local: LocalStore) -> None:
    """A delete removes empty folders; a put into the same folder must not fall over that."""

    async def churn(name: str) -> None:
        for _ in range(30):
            await local.put(f"jobs/1/{name}.jpg", b"x", content_type="image/jpeg")
            await local.delete(f"jobs/1/{name}.jpg")

    await asyncio.gather(*(churn(name) for name in "abcd"))
    assert [key async for key in local.list("")] == []


async def test_a_link_in_place_of_a_picture_is_not_followed(local: LocalStore, tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere"
    secret.write_bytes(b"secret")
    folder = tmp_path / "objects" / "jobs" / "1"
    folder.mkdir(parents=True)
    (folder / "a.jpg").symlink_to(secret)
    for reading in (local.get("jobs/1/a.jpg"), _opened(local, "jobs/1/a.jpg")):
        with pytest.raises(Unavailable):
            await reading
    await local.put("jobs/1/a.jpg", b"photo", content_type="image/jpeg")
    assert (await local.get("jobs/1/a.jpg"), secret.read_bytes()) == (b"photo", b"secret")
    (folder / "b.jpg").symlink_to(secret)
    await local.delete("jobs/1/b.jpg")
    assert secret.exists()
    assert not (folder / "b.jpg").is_symlink()


async def _opened(local: LocalStore, key: str) -> bytes:
    return (await local.open_signed(key, **_query(await local.url(key, expires_seconds=60)))).path.read_bytes()


@pytest.mark.parametrize("linked", ["objects/jobs", "objects", "incoming"])
async def test_a_link_in_place_of_a_folder_is_not_followed(local: LocalStore, tmp_path: Path, linked: str) -> None:
    await local.put("jobs/1/a.jpg", b"photo", content_type="image/jpeg")
    real = tmp_path / "elsewhere"
    (tmp_path / linked).rename(real)
    (tmp_path / linked).symlink_to(real)
    before = sorted(real.rglob("*"))
    with pytest.raises(Unavailable):
        await local.put("jobs/1/b.jpg", b"photo", content_type="image/jpeg")
    if linked != "incoming":
        for using in (local.get("jobs/1/a.jpg"), _opened(local, "jobs/1/a.jpg"), local.delete("jobs/1/a.jpg")):
            with pytest.raises(Unavailable):
                await using
        with pytest.raises(Unavailable):
            [key async for key in local.list("jobs/")]
    assert sorted(real.rglob("*")) == before


async def test_a_link_in_place_of_the_secret_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "known").write_bytes(b"known to somebody else")
    (tmp_path / "link-secret").symlink_to(tmp_path / "known")
    with pytest.raises(OSError, match="symbolic link"):
        LocalStore(tmp_path)


async def test_the_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "volume")
    store = LocalStore(tmp_path / "data", link_secret=SECRET)
    await store.put("jobs/1/a.jpg", b"photo", content_type="image/jpeg")
    assert await _opened(store, "jobs/1/a.jpg") == b"photo"
    assert [key async for key in store.list("")] == ["jobs/1/a.jpg"]


async def test_local_disk_that_refuses_is_unavailable(local: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "incoming").rmdir()
    (tmp_path / "incoming").write_bytes(b"")
    with pytest.raises(Unavailable):
        await local.put("a.jpg", b"x", content_type="image/jpeg")
    with pytest.raises(Unavailable):
        await local.check()


async def test_several_that_the_disk_refuses_leave_nothing_half_written(
    local: LocalStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, 0

    def fails_at_the_third(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(errno.ENOSPC, "no space is left")
        real(handle)

    monkeypatch.setattr(os, "fsync", fails_at_the_third)
    pictures = [StoredObject(key=f"jobs/1/{n}.jpg", data=b"x", content_type="image/jpeg") for n in range(4)]
    with pytest.raises(Unavailable):
        await local.put_all(pictures)
    assert [key async for key in local.list("")] == []
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_job_s_pictures_are_synced_each_and_their_folder_once(
    local: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, real = [], os.fsync

    def counted(handle: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        real(handle)

    monkeypatch.setattr(os, "fsync", counted)
    pictures = [StoredObject(key=f"jobs/1/{n}.jpg", data=b"x", content_type="image/jpeg") for n in range(4)]
    await local.put_all(pictures)
    assert synced == [False, False, False, False, True]


async def test_what_need_not_be_durable_is_not_synced(local: LocalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_handle: int) -> None:
        raise AssertionError("synced")

    monkeypatch.setattr(os, "fsync", never)
    await local.put("cache/1/a.bin", b"x", content_type="application/octet-stream", durable=False)
    assert await local.get("cache/1/a.bin") == b"x"


async def test_what_is_no_file_is_no_object(local: LocalStore, tmp_path: Path) -> None:
    (tmp_path / "objects" / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "objects" / "pipe.jpg")
    (tmp_path / "objects" / "file").write_bytes(b"")
    for key in ("folder.jpg", "pipe.jpg", "file/below.jpg"):
        with pytest.raises(NotFound):
            await local.get(key)


async def test_a_cancelled_put_is_over_before_its_caller_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, disk, writing = LocalStore(tmp_path), threading.Event(), threading.Event()
    real = os.fsync

    def slow(handle: int) -> None:
        writing.set()
        disk.wait(30)
        real(handle)

    monkeypatch.setattr(os, "fsync", slow)
    putting = asyncio.create_task(store.put("jobs/1/a.jpg", b"x", content_type="image/jpeg"))
    await asyncio.to_thread(writing.wait, 30)
    putting.cancel()
    await asyncio.wait([putting], timeout=0.1)
    assert not putting.done(), "else the object would appear after whoever clears up has been"
    disk.set()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await store.delete("jobs/1/a.jpg")
    assert [key async for key in store.list("")] == []
