"""One suite over every ObjectStore."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from servicekit.config import env
from servicekit.config.env import SettingsError
from servicekit.errors import NotFound
from servicekit.storage import ObjectStore, StoredObject, delete_all
from servicekit.storage.settings import StorageSettings, open_store


@pytest.fixture(params=["local", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    settings = request.getfixturevalue("s3_settings") if request.param == "s3" else StorageSettings(data_dir=tmp_path)
    store = open_store(settings)
    yield store
    await store.close()


async def test_what_was_put_can_be_read(store: ObjectStore) -> None:
    data = os.urandom(300_000)
    await store.put("jobs/a-1/original.jpg", data, content_type="image/jpeg")
    assert await store.get("jobs/a-1/original.jpg") == data


async def test_several_are_stored_at_once(store: ObjectStore) -> None:
    data = {f"jobs/{job}/{number}.bin": os.urandom(50_000 * number) for job in (1, 2) for number in range(3)}
    binary = "application/octet-stream"
    await store.put_all([StoredObject(key=key, data=value, content_type=binary) for key, value in data.items()])
    assert {key: await store.get(key) async for key in store.list("")} == data


async def test_put_replaces(store: ObjectStore) -> None:
    await store.put("a/b.png", b"old", content_type="image/png")
    await store.put("a/b.png", b"new", content_type="image/png")
    assert await store.get("a/b.png") == b"new"


async def test_empty_object(store: ObjectStore) -> None:
    await store.put("a/empty.bin", b"", content_type="application/octet-stream")
    assert await store.get("a/empty.bin") == b""


async def test_missing_object_is_not_found(store: ObjectStore) -> None:
    with pytest.raises(NotFound) as caught:
        await store.get("jobs/none/original.jpg")
    assert caught.value.reason == "OBJECT_NOT_FOUND"


async def test_delete_twice(store: ObjectStore) -> None:
    await store.put("a/b.bin", b"x", content_type="application/octet-stream")
    await store.delete("a/b.bin")
    await store.delete("a/b.bin")
    with pytest.raises(NotFound):
        await store.get("a/b.bin")


async def test_list_by_prefix(store: ObjectStore) -> None:
    for key in ("jobs/1/a.jpg", "jobs/1/maps/depth.png", "jobs/12/a.jpg", "other/a.jpg"):
        await store.put(key, b"x", content_type="image/jpeg")
    assert {key async for key in store.list("jobs/1/")} == {"jobs/1/a.jpg", "jobs/1/maps/depth.png"}
    assert {key async for key in store.list("jobs/1")} == {"jobs/1/a.jpg", "jobs/1/maps/depth.png", "jobs/12/a.jpg"}
    assert len([key async for key in store.list("")]) == 4
    assert [key async for key in store.list("nothing/here/")] == []


async def test_delete_all_spares_what_has_another_prefix(store: ObjectStore) -> None:
    for number in range(5):
        await store.put(f"jobs/1/{number}.jpg", b"x", content_type="image/jpeg")
    await store.put("jobs/12/0.jpg", b"x", content_type="image/jpeg")
    assert await delete_all(store, "jobs/1/") == 5
    assert [key async for key in store.list("")] == ["jobs/12/0.jpg"]


async def test_readers_never_see_half_an_object(store: ObjectStore) -> None:
    versions = [bytes([number]) * 200_000 for number in range(8)]
    await store.put("a/b.bin", versions[0], content_type="application/octet-stream")

    async def write() -> None:
        for version in versions:
            await store.put("a/b.bin", version, content_type="application/octet-stream")

    writing = asyncio.create_task(write())
    seen = []
    while not writing.done():
        seen.append(await store.get("a/b.bin"))
    await writing
    assert seen
    assert all(data in versions for data in seen)


@pytest.mark.parametrize("key", ["../a", "/etc/passwd", "a/../b", "a//b", "a/.", "", "A.jpg", "a\\b", "a\n", "a" * 600])
async def test_keys_that_no_server_makes_are_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="not an object key"):
        await store.put(key, b"x", content_type="image/jpeg")
    with pytest.raises(ValueError, match="not an object key"):
        await store.get(key)
    with pytest.raises(ValueError, match="not an object key"):
        await store.delete(key)
    with pytest.raises(ValueError, match="not an object key"):
        await store.url(key, expires_seconds=60)


async def test_check(store: ObjectStore) -> None:
    await store.check()


def test_settings_name_what_is_missing() -> None:
    with pytest.raises(SettingsError, match="MODOMO_S3_BUCKET"):
        env.read(StorageSettings, prefix="X_", environ={"MODOMO_STORAGE": "s3"})
    with pytest.raises(SettingsError, match="MODOMO_URL_SECRET"):
        env.read(StorageSettings, prefix="X_", environ={"MODOMO_URL_SECRET": "short"})
    with pytest.raises(SettingsError, match="MODOMO_STORAGE must be one of local, s3"):
        env.read(StorageSettings, prefix="X_", environ={"MODOMO_STORAGE": "tape"})
