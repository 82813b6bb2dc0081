"""Stores everything that a job has made."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.jobs import object_keys
from gateway.jobs.stage import Stage
from gateway.worker.pipeline import thumbnails
from gateway.worker.pipeline.fail_fast import fail_fast
from gateway.worker.pipeline.run import Run
from servicekit.storage import ObjectStore
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
    """Makes the small pictures and stores everything at once, waiting for a store that is away; raises Unavailable."""

    async def put(key: str, data: bytes, content_type: str) -> None:
        await run.with_retries(lambda: store.put(key, data, content_type=content_type))

    stored = StoredArtifacts(
        transformed=tuple(object_keys.transformed(run.job_id, variant) for variant in range(len(results))),
        thumbnail=object_keys.thumbnail(run.job_id),
        before_after=object_keys.before_after(run.job_id),
        control_maps={kind.value: object_keys.control_map(run.job_id, kind) for kind in maps},
    )
    with run.stopwatch.measure(Stage.STORE):
        async with fail_fast() as group:
            for key, data in zip(stored.transformed, results, strict=True):
                group.create_task(put(key, data, "image/jpeg"))
            for kind, data in maps.items():
                group.create_task(put(stored.control_maps[kind], data, "image/png"))
            thumbnail = await asyncio.to_thread(thumbnails.thumbnail, results[0])
            group.create_task(put(stored.thumbnail, thumbnail, "image/jpeg"))
            both = await asyncio.to_thread(thumbnails.before_after, run.photo, results[0])
            group.create_task(put(stored.before_after, both, "image/jpeg"))
    return stored
