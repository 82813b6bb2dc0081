import pytest

from controlmaps.settings import Settings
from servicekit.config import env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROOM_THRESHOLD", "1.5"),
        ("ROOM_THRESHOLD", "nan"),
        ("THREADS", "0"),
        ("ENGINE", "magic"),
    ],
)
def test_settings_that_cannot_work_are_refused(name: str, value: str) -> None:
    with pytest.raises(env.SettingsError):
        env.read(Settings, prefix="MODOMO_CONTROLMAPS_", environ={f"MODOMO_CONTROLMAPS_{name}": value})
