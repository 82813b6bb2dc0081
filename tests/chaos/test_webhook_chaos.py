"""The short version of the scenario. `make chaos SCENARIO=webhooks` runs the long one."""

from pathlib import Path

import pytest

from tools.chaos import webhooks


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_no_ending_goes_untold(tmp_path: Path) -> None:
    told = await webhooks.run(webhooks.SHORT, tmp_path / "valkey")
    assert told.endings == webhooks.SHORT.jobs
    assert told.attempts > told.endings, "no attempt failed: this proved nothing"
