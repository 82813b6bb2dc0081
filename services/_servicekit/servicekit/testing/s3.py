"""A real S3 server (moto's, over HTTP) with a fresh bucket a test."""

import secrets
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from servicekit.storage.settings import StorageSettings


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """`http://127.0.0.1:…` of the server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_settings(s3_endpoint: str) -> StorageSettings:
    """Settings for a bucket that nobody else uses."""
    settings = StorageSettings(
        storage="s3",
        s3_bucket=f"bucket-{secrets.token_hex(8)}",
        s3_endpoint=s3_endpoint,
        s3_region="us-east-1",
        s3_access_key_id="test",
        s3_secret_access_key="test",  # noqa: S106 - the server takes any
    )
    client = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key_id,
        aws_secret_access_key=settings.s3_secret_access_key,
    )
    client.create_bucket(Bucket=settings.s3_bucket)
    client.close()
    return settings
