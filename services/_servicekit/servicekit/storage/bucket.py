"""`python -m servicekit.storage.bucket` creates the bucket that the settings name, unless it exists.

For installs with their own S3 server. It waits for the server for a while, and exits with 1 where it does not answer.
"""

import asyncio
import sys
from typing import Final

import aioboto3
from botocore.exceptions import BotoCoreError, ClientError

from servicekit.backoff import Backoff
from servicekit.config import env
from servicekit.observability import logs
from servicekit.storage.settings import StorageSettings

log = logs.get(__name__)

TIMEOUT_SECONDS: Final = 60.0


async def make(settings: StorageSettings, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Creates the bucket unless it exists; raises ClientError, or TimeoutError where the server does not answer."""
    backoff = Backoff()
    async with asyncio.timeout(timeout_seconds):
        while True:
            try:
                return await _make(settings)
            except BotoCoreError as error:
                log.info("waiting for the server", endpoint=settings.s3_endpoint, problem=str(error))
            await backoff.wait()


async def _make(settings: StorageSettings) -> None:
    opening = aioboto3.Session().client(
        "s3",
        endpoint_url=settings.s3_endpoint or None,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id or None,
        aws_secret_access_key=settings.s3_secret_access_key or None,
    )
    async with opening as client:
        try:
            await client.create_bucket(Bucket=settings.s3_bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
    log.info("the bucket is there", bucket=settings.s3_bucket)


def main() -> int:
    """Returns the exit status."""
    settings = env.read(StorageSettings, prefix=env.PREFIX)
    logs.configure("bucket")
    try:
        asyncio.run(make(settings))
    except (ClientError, TimeoutError) as error:
        log.critical(
            "there is no bucket", bucket=settings.s3_bucket, problem=str(error) or "the server does not answer"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
