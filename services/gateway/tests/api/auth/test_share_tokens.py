"""Share tokens: whoever has one may look at one job, and do nothing else."""

from pathlib import Path

import pytest

from tests.fixtures.api_keys import key_file, key_holder
from tests.fixtures.gateway import StartGateway, photo


async def test_a_job_is_shown_to_whoever_has_its_token(start_gateway: StartGateway, tmp_path: Path) -> None:
    owner, other = key_holder("owner"), key_holder("other")
    (tmp_path / "keys.toml").write_text(key_file(owner, other))
    gateway = await start_gateway(api_keys_file=tmp_path / "keys.toml", units_per_minute=60)

    async def submitted() -> tuple[str, str]:
        form = {"files": {"file": photo()}, "data": {"style": "modern"}}
        answer = await gateway.http.post("/transform/submit", **form, headers=owner.headers)  # type: ignore[arg-type]
        return answer.json()["job_id"], answer.json()["share_token"]

    (job_id, token), (another, _other_token) = await submitted(), await submitted()
    await gateway.complete(await gateway.jobstore.queue.claim())
    shared = f"/transform/shared/{job_id}?share={token}"
    seen = await gateway.http.get(shared)
    assert seen.status_code == 200
    data = seen.json()["data"]
    assert (data["job_id"], data["status"], data["share_token"]) == (job_id, "completed", token)
    assert (await gateway.http.get(data["result"]["transformed_url"])).content == b"transformed"

    for path in (
        f"/transform/shared/{another}?share={token}",
        f"/transform/shared/{job_id}",
        f"/transform/shared/{job_id}?share={token[:-1]}",
        f"/transform/shared/{job_id}?share=%C3%A9",
    ):
        answer = await gateway.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "LINK_INVALID"), path
    assert (await gateway.http.get(f"/transform/status/{job_id}?share={token}")).status_code in (401, 422)
    assert (await gateway.http.delete(f"/transform/{job_id}")).status_code == 401
    assert (await gateway.http.get(f"/transform/status/{job_id}", headers=other.headers)).status_code == 404

    statuses = [(await gateway.http.get(shared)).status_code for _ in range(80)]
    assert 429 in statuses, "who has a link has a bucket of its own"
    assert (await gateway.http.get(f"/transform/status/{job_id}", headers=owner.headers)).status_code == 200


@pytest.mark.parametrize("share", ["", "?share=anything"])
async def test_without_keys_there_is_nothing_to_show(start_gateway: StartGateway, share: str) -> None:
    gateway = await start_gateway()
    job_id = await gateway.submit(photo())
    data = (await gateway.http.get(f"/transform/shared/{job_id}{share}")).json()["data"]
    assert (data["status"], data["share_token"]) == ("queued", None)
