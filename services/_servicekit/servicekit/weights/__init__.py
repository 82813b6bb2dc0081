"""The models' weights: a manifest of them, a local store, and a lock that pins every file.

`manifest.toml` names every model, the files that it needs and their licence. One command gets them ahead of time
(`python -m servicekit.weights pull`); a service only ever reads the local store:

    store = WeightStore(settings.weights)
    directory = store.path("sd15")        # raises WeightsError naming the file and the command that gets it

The first pull records the commit and the SHA-256 of every file in the store's lock; every later pull has to give
the same bytes, and every start compares sizes with it.
"""

from servicekit.weights.errors import WeightsCorrupt, WeightsError, WeightsMissing
from servicekit.weights.manifest import Entry, Manifest
from servicekit.weights.store import WeightStore

__all__ = ["Entry", "Manifest", "WeightStore", "WeightsCorrupt", "WeightsError", "WeightsMissing"]
