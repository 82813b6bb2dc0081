"""A worker whose pictures lie in S3."""

import dataclasses

import httpx
import pytest

from gateway.jobs import object_keys
from gateway.jobs.purger import Purger
from servicekit.storage.local import LocalStore
from servicekit.storage.s3 import S3Store
from servicekit.storage.settings import StorageSettings, open_store
from tests.fixtures.worker import WorkerBench, make_photo


@pytest.mark.slow
async def test_job_with_pictures_in_s3(worker_bench: WorkerBench, s3_settings: StorageSettings) -> None:
    bench = worker_bench
    store = open_store(s3_settings)
    assert isinstance(store, S3Store)
    job_id = await bench.submit()
    await store.put(object_keys.original(job_id), make_photo(), content_type="image/jpeg")
    assert isinstance(bench.store, LocalStore)
    await bench.store.delete(object_keys.original(job_id))
    in_s3 = {field.name: getattr(s3_settings, field.name) for field in dataclasses.fields(s3_settings)}
    async with bench.worker(**in_s3):
        made = await bench.completed(job_id)
    pictures = (*made.transformed_keys, made.thumbnail_key, made.before_after_key)
    links = [await store.url(key, expires_seconds=60) for key in pictures]
    async with httpx.AsyncClient(trust_env=False) as client:
        for link in links:
            answer = await client.get(link)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        assert [key async for key in store.list("cache/")]
        await Purger(store=store, job_store=bench.jobstore.jobs, groups=bench.groups).purge(job_id, message="Deleted.")
        assert [key async for key in store.list("")] == []
        assert {(await client.get(link)).status_code for link in links} == {404}, "a link is of no use any more"
    await store.close()
