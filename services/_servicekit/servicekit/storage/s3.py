"""Objects in an S3 bucket (AWS, Cloudflare R2, MinIO, …), read through presigned links."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aioboto3
import aiohttp
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from prometheus_client import Histogram

from servicekit.config import config_hints
from servicekit.errors import NotFound, Unavailable
from servicekit.observability import logs
from servicekit.observability.metrics import SECONDS_BUCKETS
from servicekit.storage import StoredObject, attachment, validate_key

log = logs.get(__name__)

MAX_LINK_SECONDS: Final = 7 * 24 * 3600
"""The longest life of a presigned link (AWS Signature Version 4)."""

SECONDS: Final = Histogram(
    "modomo_object_store_duration_seconds",
    "Time that the bucket took, repeated requests included",
    ["operation", "outcome"],
    buckets=SECONDS_BUCKETS,
)

_MISSING: Final = frozenset({"NoSuchKey", "NotFound", "404"})
_READ_ATTEMPTS: Final = 3


class S3Store:
    """An ObjectStore in a bucket, over one client a process that is opened with the first call."""

    def __init__(
        self,
        bucket: str,
        *,
        endpoint: str = "",
        region: str = "auto",
        access_key_id: str = "",
        secret_access_key: str = "",
        connect_seconds: float = 3.0,
        read_seconds: float = 10.0,
        attempts: int = 4,
        total_seconds: float = 25.0,
    ) -> None:
        """An empty endpoint is AWS; empty keys leave it to the SDK's chain (environment, instance role, …).

        Failed requests are repeated with exponential backoff, `attempts` in all, for `total_seconds` at most. Checksums
        beyond what S3 requires are off: Cloudflare R2 refuses the SDK's defaults.
        """
        self._bucket = bucket
        self._seconds = total_seconds
        self._options: dict[str, Any] = {
            "endpoint_url": endpoint or None,
            "region_name": region,
            "aws_access_key_id": access_key_id or None,
            "aws_secret_access_key": secret_access_key or None,
            "config": Config(
                signature_version="s3v4",
                connect_timeout=connect_seconds,
                read_timeout=read_seconds,
                retries={"mode": "standard", "total_max_attempts": attempts},
                max_pool_connections=32,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path" if endpoint else "auto"},
            ),
        }
        self._exits = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: Any = None

    async def put(self, key: str, data: bytes, *, content_type: str, durable: bool = True) -> None:
        """Uploads in one request; S3 shows an object whole or not at all, and keeps it whatever `durable` says."""
        validate_key(key)
        async with self._calls("put") as client:
            await client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    async def put_all(self, objects: Sequence[StoredObject]) -> None:
        """Stores all at once; raises the first failure when every one has ended."""
        putting = (self.put(one.key, one.data, content_type=one.content_type) for one in objects)
        for outcome in await asyncio.gather(*putting, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    async def get(self, key: str) -> bytes:
        """Downloads; an answer that breaks off is requested again, which the SDK does not do by itself."""
        validate_key(key)
        async with self._calls("get") as client:
            for _attempt in range(_READ_ATTEMPTS - 1):
                with contextlib.suppress(HTTPClientError, aiohttp.ClientError):
                    return await self._read(client, key)
            return await self._read(client, key)

    async def delete(self, key: str) -> None:
        """Deletes; S3 does not mind where there is nothing."""
        validate_key(key)
        async with self._calls("delete") as client:
            await client.delete_object(Bucket=self._bucket, Key=key)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Yields keys page by page."""
        async with self._calls("list", bounded=False) as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
            async for page in pages:
                for entry in page.get("Contents", ()):
                    yield entry["Key"]

    async def url(self, key: str, *, expires_seconds: int, filename: str = "") -> str:
        """A presigned GET; made without asking the server."""
        parameters = {"Bucket": self._bucket, "Key": validate_key(key)}
        if filename:
            parameters["ResponseContentDisposition"] = attachment(filename)
        async with self._calls("sign") as client:
            link: str = await client.generate_presigned_url(
                "get_object",
                Params=parameters,
                ExpiresIn=min(expires_seconds, MAX_LINK_SECONDS),
            )
            return link

    async def check(self) -> None:
        """Asks for the bucket."""
        async with self._calls("check") as client:
            await client.head_bucket(Bucket=self._bucket)

    async def close(self) -> None:
        """Closes the client and its connections."""
        self._client = None
        await self._exits.aclose()

    async def _read(self, client: Any, key: str) -> bytes:  # noqa: ANN401 - the SDK makes its classes at run time
        answer = await client.get_object(Bucket=self._bucket, Key=key)
        async with answer["Body"] as body:
            data: bytes = await body.read()
        if len(data) != answer["ContentLength"]:
            raise aiohttp.ClientPayloadError("the answer broke off")
        return data

    @asynccontextmanager
    async def _calls(self, operation: str, *, bounded: bool = True) -> AsyncIterator[Any]:
        with _timed(operation), _translated():
            async with asyncio.timeout(self._seconds if bounded else None):
                async with self._opening:
                    if self._client is None:
                        opening = aioboto3.Session().client("s3", **self._options)
                        self._client = await self._exits.enter_async_context(opening)
                yield self._client


@contextlib.contextmanager
def _timed(operation: str) -> Iterator[None]:
    """Measures an operation; a missing object is not an error of the bucket."""
    start, outcome = time.perf_counter(), "cancelled"
    try:
        yield
        outcome = "ok"
    except NotFound:
        outcome = "not found"
        raise
    except Unavailable:
        outcome = "error"
        raise
    finally:
        SECONDS.labels(operation, outcome).observe(time.perf_counter() - start)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turns the SDK's errors into ServiceErrors; the log gets the details."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING and error.operation_name == "GetObject":
            raise NotFound("OBJECT_NOT_FOUND", "This picture does not exist, or not any more.") from error
        problem = f"MODOMO_S3_BUCKET: {error.operation_name}: {code}"
        log.warning("the bucket refuses", problem=problem, **config_hints.chart_value(problem))
        raise _unavailable() from error
    except (BotoCoreError, HTTPClientError, aiohttp.ClientError, TimeoutError, OSError) as error:
        problem = f"MODOMO_S3_ENDPOINT: {error!r}"
        log.warning("the bucket does not answer", problem=problem, **config_hints.chart_value(problem))
        raise _unavailable() from error


def _unavailable() -> Unavailable:
    return Unavailable("STORAGE_UNAVAILABLE", "The picture store does not answer.", retry_after_seconds=2)
