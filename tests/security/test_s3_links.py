"""Links to pictures in a bucket are good for one object, one method, and as long as they say."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from servicekit.storage.s3 import S3Store
from servicekit.storage.settings import StorageSettings
from tests.security.s3_signature import accepts

KEY = "jobs/1/transformed-0.jpg"
OTHER = "jobs/2/transformed-0.jpg"
SECONDS = 900


@pytest.fixture
async def store(s3_settings: StorageSettings) -> AsyncIterator[S3Store]:
    one = S3Store(
        s3_settings.s3_bucket,
        endpoint=s3_settings.s3_endpoint,
        region=s3_settings.s3_region,
        access_key_id=s3_settings.s3_access_key_id,
        secret_access_key=s3_settings.s3_secret_access_key,
    )
    for key in (KEY, OTHER):
        await one.put(key, key.encode(), content_type="image/jpeg")
    yield one
    await one.close()


def test_what_checks_links_here_accepts_amazons_example() -> None:
    """From “Authenticating Requests: Using Query Parameters” of the Amazon S3 API reference."""
    url = (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
        "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    secret, at = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", datetime(2013, 5, 24, 12, tzinfo=UTC)
    assert accepts("GET", url, secret=secret, now=at)
    assert not accepts("GET", url, secret=secret, now=at + timedelta(days=1))
    assert not accepts("GET", url.replace("test.txt", "test2.txt"), secret=secret, now=at)


CHANGES: dict[str, Callable[[str], str]] = {
    "another key": lambda url: url.replace("jobs/1/", "jobs/2/"),
    "another key by dots": lambda url: url.replace("jobs/1/", "jobs/1/../2/"),
    "another key by encoded dots": lambda url: url.replace("jobs/1/", "jobs/1/%2e%2e/2/"),
    "another key by an encoded slash": lambda url: url.replace("jobs/1/", "jobs%2F2%2F"),
    "a doubled slash": lambda url: url.replace("jobs/1/", "jobs//1/"),
    "the whole bucket": lambda url: url.replace(f"/{KEY}", "/"),
    "another bucket": lambda url: url.replace("/bucket-", "/bucket-0"),
    "another host": lambda url: url.replace("127.0.0.1", "localhost"),
    "a longer life": lambda url: url.replace(f"X-Amz-Expires={SECONDS}", "X-Amz-Expires=604800"),
    "another date": lambda url: url.replace("X-Amz-Date=2", "X-Amz-Date=3"),
    "another type of answer": lambda url: url + "&response-content-type=text%2Fhtml",
    "another version": lambda url: url + "&versionId=1",
    "a parameter twice": lambda url: url + "&X-Amz-Expires=604800",
    "no signature": lambda url: url.partition("&X-Amz-Signature")[0],
    "unsigned": lambda url: url.partition("?")[0],
}


async def test_a_link_shows_its_object_alone(store: S3Store, s3_settings: StorageSettings) -> None:
    url, secret = await store.url(KEY, expires_seconds=SECONDS), s3_settings.s3_secret_access_key
    async with httpx.AsyncClient() as client:
        answer = await client.get(url)
        assert (answer.status_code, answer.content) == (200, KEY.encode())
    now = datetime.now(UTC)
    assert accepts("GET", url, secret=secret, now=now)
    refused = {name for name, change in CHANGES.items() if not accepts("GET", change(url), secret=secret, now=now)}
    assert refused == set(CHANGES)
    for method in ("PUT", "DELETE", "HEAD", "POST"):
        assert not accepts(method, url, secret=secret, now=now)
    assert not accepts("GET", url, secret=secret, now=now + timedelta(seconds=SECONDS + 1))
    assert not accepts("GET", url, secret="another", now=now)


async def test_a_link_shows_no_secret_and_asks_for_nothing_but_the_host(store: S3Store) -> None:
    query = parse_qs(urlsplit(await store.url(KEY, expires_seconds=SECONDS)).query)
    assert set(query) == {
        f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    }
    assert query["X-Amz-SignedHeaders"] == ["host"]


async def test_no_link_is_made_for_what_is_no_key(store: S3Store) -> None:
    for key in ("../other/a.jpg", "jobs/../../a.jpg", "/etc/passwd", "jobs//a.jpg", "a?versionId=1", "a\r\nb"):
        with pytest.raises(ValueError, match="not an object key"):
            await store.url(key, expires_seconds=SECONDS)
