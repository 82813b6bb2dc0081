"""One system for each file of tests, in a browser."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.system import SECONDS, System, running

expect.set_options(timeout=SECONDS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory, s3_endpoint: str) -> AsyncIterator[System]:
    async with running(tmp_path_factory.mktemp("browser"), s3_endpoint) as one:
        yield one
