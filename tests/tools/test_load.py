"""`make load`: everybody comes, everything that goes wrong is told, and the report says it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from rich.progress import Progress

from tests.deploy import declared_metrics
from tools.bench.client import Client
from tools.load import report
from tools.load.__main__ import load
from tools.load.album import Album
from tools.load.plan import Follow, Plan, Visit
from tools.load.probe import Look, Page
from tools.load.records import ENDED, STATUS, SUBMIT, Record, Records
from tools.load.result import RunResult
from tools.load.users import Users

VISIT = Visit(at=0.0, photo=0, large=False, style="boho", follow=Follow.SOCKET, cancel_after=None)
GOOD = ({"seq": 1, "progress": 0.0, "status": "queued"}, {"seq": 2, "progress": 1.0, "status": "completed"})


class TestPlan:
    def test_the_same_seed_gives_the_same_people(self) -> None:
        plan = Plan(seconds=600.0, rate=2.0)
        assert plan.visits() == plan.visits() != replace(plan, seed=2).visits()

    def test_a_mix_is_mixed_as_it_says(self) -> None:
        visits = Plan(seconds=2_000.0, rate=1.0).visits()
        assert len(visits) == pytest.approx(2_000, rel=0.1)
        for way, share in Plan().follows.items():
            assert sum(visit.follow is way for visit in visits) / len(visits) == pytest.approx(share, abs=0.05)
        assert sum(visit.cancel_after is not None for visit in visits) / len(visits) == pytest.approx(0.08, abs=0.03)
        assert len({visit.photo for visit in visits}) / len(visits) == pytest.approx(0.75, abs=0.05)
        sizes = {visit.photo: visit.large for visit in visits}
        assert all(sizes[visit.photo] == visit.large for visit in visits)
        assert sum(sizes.values()) / len(sizes) == pytest.approx(0.4, abs=0.05)

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [({"seconds": 0.0}, "seconds"), ({"seconds": 1e6}, "seconds"), ({"rate": 0.0}, "rate"),
         ({"rate": 1e6}, "rate"), ({"lookers": 1e5}, "lookers")],
    )  # fmt: skip
    def test_what_has_no_bound_is_refused_by_name(self, wrong: dict[str, Any], named: str) -> None:
        with pytest.raises(ValueError, match=named):
            Plan(**wrong)


def test_photos_differ_from_one_another_and_are_made_once() -> None:
    visits = [replace(VISIT, photo=number) for number in (0, 1, 2, 48)]
    made: list[None] = []
    album = Album(visits, lambda: made.append(None))
    assert len(made) == 3  # the last is the first again
    assert len({album.photo(number, large=False) for number in (0, 1, 2)}) == 3
    assert album.photo(48, large=False) == album.photo(0, large=False)


class TestUsers:
    """Against an app that does what it is told, good or bad."""

    @asynccontextmanager
    async def app(self, events: tuple[dict[str, Any], ...], *, submit: int = 202) -> AsyncIterator[Client]:
        async def accept(request: web.Request) -> web.Response:
            await request.post()
            return web.json_response({"job_id": "one", "websocket_url": "w"}, status=submit)

        async def socket(request: web.Request) -> web.WebSocketResponse:
            response = web.WebSocketResponse()
            await response.prepare(request)
            for event in events:
                await response.send_json(event)
            await response.close()
            return response

        async def status(request: web.Request) -> web.Response:
            return web.json_response({"data": {"status": events[-1]["status"]}})

        async def cancel(request: web.Request) -> web.Response:
            return web.json_response({"success": True})

        app = web.Application()
        app.add_routes(
            [
                web.post("/transform/submit", accept),
                web.get("/ws/transform/{job}", socket),
                web.get("/transform/status/{job}", status),
                web.delete("/transform/{job}", cancel),
            ]
        )
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            port = runner.addresses[0][1]
            async with Client(f"http://127.0.0.1:{port}") as client:
                yield client
        finally:
            await runner.cleanup()

    async def come(self, visit: Visit, events: tuple[dict[str, Any], ...], *, submit: int = 202) -> Records:
        records, gone = Records(), list[None]()
        async with self.app(events, submit=submit) as client:
            users = Users(Plan(lookers=0.0), client, records, lambda _number, _large: b"photo")
            await users.come([visit], lambda: gone.append(None))
        assert len(gone) == 1
        return records

    @pytest.mark.parametrize("follow", [Follow.SOCKET, Follow.POLL])
    async def test_a_job_that_completes_is_no_problem(self, follow: Follow) -> None:
        records = await self.come(replace(VISIT, follow=follow), GOOD)
        assert records.problems == []
        assert records.endings == {"completed": 1}
        assert len(records.of(ENDED)) == len(records.of(SUBMIT)) == 1
        assert len(records.of(STATUS)) == (follow is Follow.POLL)

    async def test_a_cancelled_job_is_none_either_where_somebody_cancelled_it(self) -> None:
        events = (GOOD[0], {"seq": 2, "progress": 0.5, "status": "cancelled"})
        assert (await self.come(replace(VISIT, cancel_after=0.0), events)).problems == []
        assert len((await self.come(VISIT, events)).problems) == 1

    @pytest.mark.parametrize(
        "events",
        [
            (GOOD[0],),
            (GOOD[0], {"seq": 3, "progress": 1.0, "status": "completed"}),
            (*GOOD, {"seq": 3, "progress": 1.0, "status": "completed"}),
            (
                GOOD[0],
                {"seq": 2, "progress": 0.5, "status": "analyzing"},
                {"seq": 3, "progress": 0.4, "status": "completed"},
            ),
            (GOOD[0], {"seq": 2, "progress": 0.5, "status": "failed"}),
        ],
        ids=["no ending", "a gap", "two endings", "progress goes down", "failed"],
    )
    async def test_streams_that_break_their_promise_are_problems(self, events: tuple[dict[str, Any], ...]) -> None:
        assert (await self.come(VISIT, events)).problems

    async def test_a_submission_that_is_not_taken_is_a_problem(self) -> None:
        records = await self.come(VISIT, GOOD, submit=503)
        assert "503" in records.problems[0]


def test_an_answer_that_blames_the_server_is_a_problem_and_one_that_blames_the_caller_is_counted() -> None:
    records = Records()
    records.answered(STATUS, 500)
    records.answered(STATUS, 404)
    records.answered(STATUS, 200)
    assert len(records.problems) == 1
    assert records.refused() == {"status 404": 1}


def test_metrics_are_read_by_name_and_labels() -> None:
    page = Page.parse('# TYPE a counter\na_total{x="1",y="2"} 3\na_total{x="2",y="2"} 4\n')
    assert page.total("a_total") == 7
    assert page.total("a_total", x="2") == 4
    assert page.total("b") == 0
    assert dict(page.by("a_total", "x")) == {"1": 3, "2": 4}
    with pytest.raises(ValueError, match="."):  # noqa: RUF043 - whatever the parser says of it
        Page.parse('a{x="1" 3')


def result(records: Records) -> RunResult:
    """Of a run of two looks."""
    stages = '# TYPE modomo_stage_duration_seconds histogram\nmodomo_stage_duration_seconds_sum{stage="load"} %d\n'
    stages += 'modomo_stage_duration_seconds_count{stage="load"} %d\n'
    looks = [
        Look(at=at, cpu={"gateway": at}, memory={"gateway": 100.0}, waiting=0.0, running=1.0) for at in (0.0, 10.0)
    ]
    before, after = ({"worker-1": Page.parse(stages % values)} for values in ((1, 1), (7, 3)))
    return RunResult(plan=Plan(), records=records, looks=looks, before=before, after=after, engine="lite")


@pytest.mark.slow
def test_a_report_says_what_was_and_what_went_wrong(tmp_path: Path) -> None:
    records = Records()
    records.answered(SUBMIT, 202)
    records.timed += [Record(kind=SUBMIT, at=1.0, seconds=0.25), Record(kind=ENDED, at=2.0, seconds=20.0)]
    records.endings["completed"] += 1
    good = result(records)
    assert good.good
    assert good.cpu_a_job() == {"gateway": 10.0}
    assert good.stages() == {"load": 3.0}
    assert [line.within for line in good.lines] == [1.0, 0.0]
    page = report.write(good, tmp_path / "new").read_text()
    assert "Every job has one ending" in page
    assert page.count("<svg") == 4
    assert "250 ms" in page
    assert "20.0 s" in page

    records.problems.append("job <1> was lost")
    assert not result(records).good
    assert "job &lt;1&gt; was lost" in report.page(result(records))


def test_a_job_without_an_ending_is_told(tmp_path: Path) -> None:
    records = Records()
    records.answered(SUBMIT, 202)
    assert not result(records).good


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_short_mix_on_a_whole_stack(tmp_path: Path) -> None:
    with Progress(disable=True) as progress:
        run = asyncio.run(load(Plan(seconds=4.0, rate=2.0, lookers=5.0, large=0.1), noop=True, progress=progress))
    assert run.good, run.records.problems
    assert run.jobs == len(run.plan.visits()) > 3
    assert run.stages()
    assert all(seconds >= 0 for seconds in run.cpu_a_job().values())
    assert report.write(run, tmp_path).stat().st_size > 10_000
    there = declared_metrics.series()
    for page in run.after.values():
        shown = {name: {label for label, _ in labels} for name, labels in page.values if name.startswith("modomo_")}
        assert len(shown) > 10
        for name, labels in shown.items():
            if not name.endswith("_created"):  # prometheus_client's own, which nobody looks at
                assert labels == there[name], name
