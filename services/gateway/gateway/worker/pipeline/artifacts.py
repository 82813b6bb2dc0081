"""Stores everything that a job has made."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.jobs import object_keys
from gateway.jobs.stage import Stage
from gateway.worker.pipeline.run import Run
from gateway.worker.pipeline.thumbnails import small_pictures
from servicekit.storage import ObjectStore, StoredObject
from servicekit.types.control_maps import MapKind


@dataclass(frozen=True, kw_only=True)
class StoredArtifacts:
    """Keys of a job's pictures."""

    transformed: tuple[str, ...]
    thumbnail: str
    before_after: str
    control_maps: Mapping[str, str]


async def store_artifacts(
    run: Run, store: ObjectStore, *, results: Sequence[bytes], maps: Mapping[MapKind, bytes]
) -> StoredArtifacts:
    """Makes the small pictures and stores everything together, waiting for a store that is away; raises Unavailable."""
    stored = StoredArtifacts(
        transformed=tuple(object_keys.transformed(run.job_id, variant) for variant in range(len(results))),
        thumbnail=object_keys.thumbnail(run.job_id),
        before_after=object_keys.before_after(run.job_id),
        control_maps={kind.value: object_keys.control_map(run.job_id, kind) for kind in maps},
    )
    with run.stopwatch.measure(Stage.STORE):
        small = await asyncio.to_thread(small_pictures, run.photo, results[0])
        pictures = {
            **dict(zip(stored.transformed, results, strict=True)),
            stored.thumbnail: small.thumbnail,
            stored.before_after: small.before_after,
        }
        objects = [StoredObject(key=key, data=data, content_type="image/jpeg") for key, data in pictures.items()]
        objects += [
            StoredObject(key=stored.control_maps[kind], data=data, content_type="image/png")
            for kind, data in maps.items()
        ]
        await run.with_retries(lambda: store.put_all(objects))
    return stored
