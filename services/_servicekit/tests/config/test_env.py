"""Settings out of the environment."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pytest

from servicekit.config import env
from servicekit.config.env import SettingsError


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Sample:
    address: str
    count: int = 3
    ratio: float = 0.5
    enabled: bool = False
    engine: Literal["lite", "torch"] = "lite"
    colour: Colour = Colour.RED
    folder: Path = Path("data")
    names: tuple[str, ...] = ()
    limit: int | None = None
    level: str = env.shared("INFO")

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("count must not be negative")


def _read(**environ: str) -> Sample:
    return env.read(Sample, prefix="MODOMO_TEST_", environ={"MODOMO_TEST_ADDRESS": "here:1", **environ})


def test_defaults() -> None:
    assert _read() == Sample(address="here:1")


def test_every_type() -> None:
    sample = _read(
        MODOMO_TEST_COUNT="7",
        MODOMO_TEST_RATIO="0.25",
        MODOMO_TEST_ENABLED="Yes",
        MODOMO_TEST_ENGINE="torch",
        MODOMO_TEST_COLOUR="blue",
        MODOMO_TEST_FOLDER="/somewhere",
        MODOMO_TEST_NAMES="a, b,,c",
        MODOMO_TEST_LIMIT="9",
        MODOMO_LEVEL="DEBUG",
    )
    assert sample == Sample(
        address="here:1",
        count=7,
        ratio=0.25,
        enabled=True,
        engine="torch",
        colour=Colour.BLUE,
        folder=Path("/somewhere"),
        names=("a", "b", "c"),
        limit=9,
        level="DEBUG",
    )


def test_empty_means_unset() -> None:
    assert _read(MODOMO_TEST_COUNT="").count == 3


def test_shared_setting_has_no_service_in_its_name() -> None:
    assert _read(MODOMO_TEST_LEVEL="DEBUG").level == "INFO"


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("MODOMO_TEST_ADDRESS", "", "is not set"),
        ("MODOMO_TEST_COUNT", "many", "of type int"),
        ("MODOMO_TEST_LIMIT", "many", "of type int"),
        ("MODOMO_TEST_RATIO", "much", "of type float"),
        ("MODOMO_TEST_RATIO", "nan", "finite"),
        ("MODOMO_TEST_RATIO", "inf", "finite"),
        ("MODOMO_TEST_ENABLED", "perhaps", "true or false"),
        ("MODOMO_TEST_ENGINE", "steam", "one of lite, torch"),
        ("MODOMO_TEST_COLOUR", "green", "one of red, blue"),
        ("MODOMO_TEST_COUNT", "-1", "count must not be negative"),
    ],
)
def test_wrong_value_is_refused_by_name(variable: str, value: str, problem: str) -> None:
    with pytest.raises(SettingsError, match=problem) as caught:
        _read(**{variable: value})
    assert variable in str(caught.value) or "MODOMO_TEST_*" in str(caught.value)
