"""What can be wrong with weights.

WeightsError                the message says what is wrong and, where a command helps, which
├── WeightsMissing          a file is not in the local store
└── WeightsCorrupt          a file is not what the lock, the repository or its format says that it is

All are SettingsErrors: they end a service with one log line, and restarting will not help.
"""

from servicekit.config.env import SettingsError


class WeightsError(SettingsError):
    """Something is wrong with the weights."""


class WeightsMissing(WeightsError):  # noqa: N818 - the tree's names say what is wrong with the weights
    """A file is not in the local store."""


class WeightsCorrupt(WeightsError):  # noqa: N818 - the tree's names say what is wrong with the weights
    """A file's bytes are not what they have to be."""
