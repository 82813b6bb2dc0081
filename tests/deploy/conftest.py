"""What the tests of the chart share."""

from pathlib import Path

import pytest

from tools.release.charts import build


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The umbrella with its dependencies."""
    return build(tmp_path_factory.mktemp("charts"))
