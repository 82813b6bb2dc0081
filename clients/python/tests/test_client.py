"""The client against a real gateway: jobs followed to their ends, also over connections that break."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.api.auth import Scope
from gateway.api.auth.api_keys import draw
from gateway.api.auth.keys_command import as_toml
from gateway.jobs.result import JobError, encode
from modomo.client import (
    AbsentError,
    AsyncModomo,
    ConflictError,
    CredentialError,
    JobCancelled,
    JobFailed,
    Modomo,
    PhotoError,
    RequestError,
    ServiceError,
    Unreachable,
    WebhookRefused,
    verify_webhook,
)
from modomo.client.__main__ import main
from modomo.client.types import EventMessage
from servicekit.jobstore import Claim, Ending, JobStatus, Update
from tests.fixtures.gateway import Gateway, StartGateway, photo
from tests.fixtures.jobstore import FaultyNetwork
from tests.fixtures.webhook_receivers import Receiver


@pytest.fixture
async def rooms(gateway: Gateway) -> AsyncIterator[AsyncModomo]:
    async with AsyncModomo(gateway.url, retry_seconds=5) as client:
        yield client


async def worked(gateway: Gateway) -> Claim:
    """Takes the next job through a few events, not to its end."""
    claim = await gateway.jobstore.queue.claim()
    for step in range(1, 4):
        update = Update(
            status=JobStatus.TRANSFORMING, progress=0.5 + step / 10, message="Applying…", step=step, total_steps=3
        )
        await claim.append(update)
    return claim


async def test_a_photo_is_restyled_and_its_progress_is_told(
    gateway: Gateway, rooms: AsyncModomo, tmp_path: Any
) -> None:
    (tmp_path / "room.jpg").write_bytes(photo())
    told: list[EventMessage] = []
    restyling = asyncio.create_task(
        rooms.restyle(tmp_path / "room.jpg", style="boho", seed=7, color_palette=["#FFFFFF"], on_progress=told.append)
    )
    claim = await worked(gateway)
    assert '"seed":7' in claim.job.payload
    await gateway.complete(claim)
    job = await asyncio.wait_for(restyling, 20)
    assert job.job_id == claim.job.job_id
    assert [event["status"] for event in told] == ["queued", *["transforming"] * 3, "completed"]
    assert [event["seq"] for event in told] == [1, 2, 3, 4, 5]
    await rooms.save(job.result["transformed_url"], tmp_path / "boho.jpg")
    assert (tmp_path / "boho.jpg").read_bytes() == b"transformed"
    assert [one["job_id"] async for one in rooms.jobs(status="completed")] == [job.job_id]
    assert {style["name"] for style in await rooms.styles()} >= {"boho", "modern"}
    assert (await rooms.analyze(photo()))["room_type"] == "kitchen"


async def test_a_look_surfaces_and_corrections_are_sent(gateway: Gateway, rooms: AsyncModomo, tmp_path: Any) -> None:
    (tmp_path / "look.jpg").write_bytes(photo(colour=(10, 90, 160)))
    job_id = (await rooms.submit(photo(), style="boho", style_image=tmp_path / "look.jpg"))["job_id"]
    assert await gateway.store.get(f"jobs/{job_id}/style-image.jpg")
    await rooms.submit(
        photo(),
        style="boho",
        preferences={"surfaces": {"wall": "#A3B18A"}, "corrections": [{"x": 0.5, "y": 0.25, "label": "leave"}]},
    )
    _, claim = [await gateway.jobstore.queue.claim() for _ in range(2)]
    assert '"surfaces":{"wall":"#A3B18A"}' in claim.job.payload
    assert '"corrections":[{"x":0.5,"y":0.25,"label":"leave"}]' in claim.job.payload
    assert [material["name"] for material in await rooms.materials()] == ["oak-boards"]


async def test_the_other_client_does_the_same(gateway: Gateway) -> None:
    def restyle() -> tuple[str, bytes]:
        with Modomo(gateway.url) as client:
            job = client.restyle(photo(), style="modern")
            return job.job_id, client.download(job.result["transformed_url"])

    restyling = asyncio.create_task(asyncio.to_thread(restyle))
    claim = await worked(gateway)
    await gateway.complete(claim)
    assert await asyncio.wait_for(restyling, 20) == (claim.job.job_id, b"transformed")


async def test_endings_that_are_none_are_errors(gateway: Gateway, rooms: AsyncModomo) -> None:
    failing = asyncio.create_task(rooms.restyle(photo(), style="boho"))
    claim = await gateway.jobstore.queue.claim()
    error = JobError(code="NOT_A_ROOM", message="The photo shows no room.", retryable=False)
    await claim.finish(Ending(status=JobStatus.FAILED, message=error.message, error=encode(error)))
    with pytest.raises(JobFailed, match=r"shows no room\.$") as caught:
        await asyncio.wait_for(failing, 20)
    assert caught.value.code == "NOT_A_ROOM"
    job_id = (await rooms.submit(photo(), style="boho"))["job_id"]
    await rooms.cancel(job_id)
    with pytest.raises(JobCancelled):
        await rooms.wait(job_id)


async def test_errors_are_classes_by_their_kind(gateway: Gateway, rooms: AsyncModomo, tmp_path: Any) -> None:
    with pytest.raises(PhotoError) as photo_error:
        await rooms.submit(b"no picture", style="boho")
    assert (photo_error.value.code, photo_error.value.status) == ("IMAGE_UNSUPPORTED", 415)
    assert photo_error.value.page == f"{gateway.url}/v1/errors/IMAGE_UNSUPPORTED"
    with pytest.raises(RequestError) as request_error:
        await rooms.submit(photo(), style="baroque", preferences={"strength": 2, "variants": 9})
    assert [problem["field"] for problem in request_error.value.problems] == [
        "preferences.strength",
        "preferences.variants",
        "style",
    ]
    with pytest.raises(AbsentError):
        await rooms.status("7f0c6b0e-5d3c-4a53-9d3f-0f6f3c1f8a11")
    job_id = (await rooms.submit(photo(), style="boho"))["job_id"]
    await gateway.complete(await gateway.jobstore.queue.claim())
    with pytest.raises(ConflictError):
        await rooms.cancel(job_id)
    with pytest.raises(OSError, match="No such file"):
        await rooms.submit(tmp_path / "none.jpg", style="boho")


async def test_a_key_is_shown_to_the_service_and_to_nobody_else(start_gateway: StartGateway) -> None:
    key, record = draw("anna", tuple(Scope))
    gateway = await start_gateway(api_keys=as_toml(record))
    async with AsyncModomo(gateway.url, key=key) as client:
        assert (await client.submit(photo(), style="boho"))["job_id"]
    async with AsyncModomo(gateway.url, key="modomo_wrong") as client:
        with pytest.raises(CredentialError):
            await client.submit(photo(), style="boho")
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, content=b"picture")

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    async with AsyncModomo("https://rooms.example", key=key, http=http) as client:
        assert await client.download("https://bucket.example/a.jpg?signature=1") == b"picture"
    assert "authorization" not in sent[0].headers


async def test_events_go_on_where_a_connection_broke(gateway: Gateway) -> None:
    network = FaultyNetwork(gateway.url)
    await network.start()
    try:
        async with AsyncModomo(network.url.replace("redis://", "http://"), retry_seconds=20) as client:
            job_id = (await client.submit(photo(), style="boho"))["job_id"]
            told: list[EventMessage] = []
            waiting = asyncio.create_task(client.wait(job_id, on_progress=told.append))
            claim = await worked(gateway)
            async with asyncio.timeout(20):
                while len(told) < 4:  # noqa: ASYNC110 - the callback has nobody to tell
                    await asyncio.sleep(0.01)
            await network.stop()
            await claim.append(Update(status=JobStatus.FINALIZING, progress=0.9, message="…"))
            await gateway.complete(claim)
            await network.start()
            await asyncio.wait_for(waiting, 30)
        assert [event["seq"] for event in told] == [1, 2, 3, 4, 5, 6], "each once, none left out"
    finally:
        with contextlib.suppress(RuntimeError):
            await network.stop()


async def test_a_submission_that_is_repeated_makes_one_job(gateway: Gateway) -> None:
    """The first answer is lost after the job was made."""
    answers: list[int] = []
    real = httpx.AsyncHTTPTransport()

    class Losing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await real.handle_async_request(request)
            if request.method == "POST":
                answers.append(response.status_code)
                if len(answers) == 1:
                    await response.aclose()
                    raise httpx.ReadError("lost")
            return response

    async with AsyncModomo(gateway.url, http=httpx.AsyncClient(transport=Losing())) as client:
        submitted = await client.submit(photo(), style="boho")
        assert answers == [202, 202]
        assert [job["job_id"] async for job in client.jobs()] == [submitted["job_id"]]


def test_what_is_sent_again_and_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("modomo.client.synchronous.time.sleep", pauses.append)
    statuses = iter((503, 429, 200))

    def busy(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(next(statuses), headers={"Retry-After": "7"}, json={"styles": []})

    with Modomo("https://rooms.example", http=httpx.Client(transport=httpx.MockTransport(busy))) as client:
        assert client.styles() == []
    assert pauses == [7.0, 7.0]
    pauses.clear()
    gone = httpx.MockTransport(lambda _request: httpx.Response(502, text="<html>"))
    http = httpx.Client(transport=gone)
    with (
        Modomo("https://rooms.example", retry_seconds=2, http=http) as client,
        pytest.raises(ServiceError, match="HTTP 502"),
    ):
        client.styles()
    assert len(pauses) >= 2
    assert sum(pauses) <= 2
    with Modomo("http://127.0.0.1:1", retry_seconds=0) as client, pytest.raises(Unreachable):
        client.styles()


async def test_webhooks_are_verified(start_gateway: StartGateway, receiver: Receiver) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    gateway = await start_gateway(webhook_secrets=(secret,), webhook_networks=("127.0.0.0/8",))
    async with gateway.start_notifier(), AsyncModomo(gateway.url) as client:
        await client.submit(photo(), style="boho", webhook_url=receiver.url, webhook_events=["accepted", "completed"])
        await receiver.heard(1)
        await gateway.complete(await gateway.jobstore.queue.claim())
        heard = await receiver.heard(2)
        secrets = await client.webhook_secrets()
        (heard_of,) = [job async for job in client.jobs()]
        told = [verify_webhook(one.body, one.headers, ["whsec_AAAA", *secrets]) for one in heard]
        assert [message["type"] for message in told] == ["transform.accepted", "transform.completed"]
        assert {message["data"]["job_id"] for message in told} == {heard_of["job_id"]}
        assert heard[0].headers["webhook-id"] != heard[1].headers["webhook-id"]
        for body, headers in (
            (heard[0].body + b" ", heard[0].headers),
            (heard[0].body, heard[0].headers | {"webhook-timestamp": "1700000000"}),
            (heard[0].body, {}),
            (heard[0].body, heard[0].headers | {"webhook-signature": "v1,%%%"}),
        ):
            with pytest.raises(WebhookRefused):
                verify_webhook(body, headers, secrets)


@pytest.fixture
def command(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Runs `modomo` in a thread; its exit status and what it prints."""

    async def run(*arguments: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["--url", gateway.url, *arguments])
        said = capsys.readouterr()
        logged = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")  # by the gateway, in the same process
        printed = [line for line in said.out.splitlines() if not logged.match(line)]
        return status, "\n".join(printed), said.err

    yield run


async def test_the_command_line(gateway: Gateway, command: Any, tmp_path: Any) -> None:
    (tmp_path / "room.jpg").write_bytes(photo())
    out = tmp_path / "boho.jpg"
    asked = ["--style", "boho", "--seed", "7", "--out", str(out), "--before-after"]
    asked += ["--surface", "wall=#A3B18A", "--surface", "floor=oak-boards", "--correct", "0.5,0.25,leave"]
    running = asyncio.create_task(command("restyle", str(tmp_path / "room.jpg"), *asked))
    claim = await worked(gateway)
    assert '"surfaces":{"wall":"#A3B18A","floor":"oak-boards"}' in claim.job.payload
    assert '"label":"leave"' in claim.job.payload
    await gateway.complete(claim)
    status, printed, shown = await asyncio.wait_for(running, 20)
    assert (status, printed.splitlines()) == (0, [str(out), str(tmp_path / "boho-before-after.jpg")])
    assert "Your new room is ready!" in shown
    assert out.read_bytes() == b"transformed"
    status, printed, _ = await command("watch", claim.job.job_id)
    assert urlsplit(printed.split()[-1]).path.endswith("transformed-0.jpg")
    assert "boho" in (await command("styles"))[1]
    assert "oak-boards" in (await command("materials"))[1]
    for wrong in (("--surface", "wall"), ("--correct", "0.5,wall"), ("--style-image", "none.jpg")):
        status, _, shown = await command("restyle", str(tmp_path / "room.jpg"), "--style", "boho", *wrong)
        assert (status, wrong[1] in shown) == (1, True)
    assert "sofa-1 (75%)" in (await command("analyze", str(tmp_path / "room.jpg")))[1]
    assert claim.job.job_id in (await command("jobs", "--status", "completed"))[1]
    assert (await command("cancel", claim.job.job_id, "--purge"))[0] == 0
    status, _, shown = await command("restyle", str(tmp_path / "none.jpg"), "--style", "boho")
    assert (status, "none.jpg" in shown) == (1, True)
    status, _, shown = await command("restyle", str(tmp_path / "room.jpg"), "--style", "baroque", "--strength", "3")
    assert (status, "preferences.strength" in shown, "baroque" in shown) == (1, True, True)
