"""Links are given again while they are good for long, and not kept afterwards."""

import gc
import weakref
from pathlib import Path

import pytest

from gateway.api import links
from gateway.api.links import UrlSigner
from servicekit.storage.local import LocalStore


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


class Link(str):
    """One that tells when it is forgotten."""

    __slots__ = ("__weakref__",)


class Store(LocalStore):
    """Makes a new link each time."""

    made: list["weakref.ref[Link]"]

    async def url(self, key: str, *, expires_seconds: int, filename: str = "") -> str:
        link = Link(f"/files/{key}?{len(self.made)}")
        self.made.append(weakref.ref(link))
        return link


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(links, "time", clock)
    return clock


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.made = []
    return store


async def test_a_link_is_given_again_for_a_quarter_of_its_time(clock: Clock, store: Store) -> None:
    signer = UrlSigner(store, seconds=400)
    first = await signer.link("one")
    clock.now = 99
    assert await signer.link("one") == first
    clock.now = 100
    assert await signer.link("one") != first


async def test_links_of_jobs_that_nobody_asks_for_any_more_are_forgotten(clock: Clock, store: Store) -> None:
    signer = UrlSigner(store, seconds=400)
    for number in range(50):
        clock.now = float(number)
        await signer.link(f"jobs/{number}")
    clock.now = 130.0
    await signer.link("another")
    gc.collect()
    kept = [number for number, made in enumerate(store.made) if made()]
    assert kept == [*range(31, 50), 50], "those of the last 100 s"


async def test_no_more_are_kept_than_are_allowed(clock: Clock, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_MAX_RECENT", 3)
    signer = UrlSigner(store, seconds=400)
    for number in range(9):
        await signer.link(str(number))
    gc.collect()
    assert sum(made() is not None for made in store.made) == 3
