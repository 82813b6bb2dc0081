"""When alerts fire and when they do not, as series of one value a minute in promtool's notation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_GAUGE: Final = '{namespace="rooms",pod="a"}'
_HTTP: Final = "modomo_http_request_duration_seconds"
_PUTS: Final = "modomo_object_store_duration_seconds_count"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Series, and how often an alert fires after a while."""

    alert: str
    what: str
    series: Mapping[str, str]
    """Values by series: `1+2x3` is 1, 3, 5, 7."""
    fires: int
    """Number of firing alerts of this name."""
    labels: str = ""
    """That they are to have, as in PromQL."""
    objective: str = "none"
    """Of the alert, where it is about one."""
    minutes: int = 40
    """After which it is looked."""


def _labels(**labels: str) -> str:
    return (
        "{"
        + ",".join(f'{name}="{value}"' for name, value in {"namespace": "rooms", "pod": "a", **labels}.items())
        + "}"
    )


def _burn(objective: str, what: str, series: Mapping[str, str], *, window: str, fires: int, minutes: int = 70) -> Case:
    """Of a month's promise: whether the alerts of these windows fire."""
    return Case(
        alert="ModomoBudgetBurns",
        what=what,
        series=series,
        fires=fires,
        labels=f'window=~"{window}"',
        objective=objective,
        minutes=minutes,
    )


def _timed(metric: str, le: str, *, good: int, bad: int, until: int = 400, **labels: str) -> dict[str, str]:
    """A histogram with so many events a minute, of which `bad` take longer than `le`; none after a while."""
    return {
        metric + "_count" + _labels(**labels): f"0+{good + bad}x{until} {(good + bad) * until}x400",
        metric + "_bucket" + _labels(**labels, le=le): f"0+{good}x{until} {good * until}x400",
    }


def _looks(*, good: int, bad: int, until: int = 400) -> dict[str, str]:
    """Looks at a status, of which `bad` take too long."""
    labels = {"method": "GET", "route": "/transform/status/{job_id}", "status": "200"}
    return _timed(_HTTP, "0.2", good=good, bad=bad, until=until, **labels)


def _ended(**a_minute: int) -> dict[str, str]:
    """Jobs by reason (`ok` is completed), shown alike by two gateways."""
    return {
        "modomo_jobs_ended_total"
        + _labels(
            pod=pod, status="completed" if reason == "ok" else "failed", reason="" if reason == "ok" else reason
        ): (f"0+{count}x400")
        for reason, count in a_minute.items()
        for pod in ("a", "b")
    }


def _answers(status: str, a_minute: int, *, route: str = "/styles") -> dict[str, str]:
    """Requests that are answered so."""
    return {f"{_HTTP}_count{_labels(route=route, status=status)}": f"0+{a_minute}x400"}


def _pair(alert: str, metric: str, *, bad: str, good: str, **labels: str) -> tuple[Case, Case]:
    """One series that makes an alert fire, and one that does not."""
    name = metric + _labels(**labels)
    return (
        Case(alert=alert, what=f"{name} {bad}", series={name: bad}, fires=1),
        Case(alert=alert, what=f"{name} {good}", series={name: good}, fires=0),
    )


_HERE: Final = {
    f"modomo_build_info{_labels(service=service, version='1')}": "1x400" for service in ("gateway", "notifier")
}

CASES: Final = (
    _burn("status", "a quarter of the looks are slow", _looks(good=75, bad=25), window="1h", fires=1),
    _burn("status", "0.5 % of the looks are slow", _looks(good=995, bad=5), window="1h|6h|1d|3d", fires=0),
    _burn("status", "7 % are slow: not yet for the fastest", _looks(good=93, bad=7), window="1h", fires=0, minutes=200),
    _burn("status", "7 % are slow: for that of six hours", _looks(good=93, bad=7), window="6h", fires=1, minutes=200),
    _burn("status", "long gone", _looks(good=0, bad=25, until=60), window="1h|6h", fires=0, minutes=150),
    _burn("status", "a handful says nothing", _looks(good=0, bad=1, until=10), window="1h|6h|1d", fires=0),
    _burn("submit", "slow", _timed(_HTTP, "0.5", good=1, bad=1, route="/transform/submit"), window="1h", fires=1),
    _burn("events", "slow", _timed("modomo_event_delivery_seconds", "0.1", good=1, bad=1), window="1h", fires=1),
    _burn("processing", "slow", _timed("modomo_job_processing_seconds", "15.0", good=1, bad=9), window="1h", fires=1),
    _burn("requests", "errors", {**_answers("200", 90), **_answers("503", 10)}, window="1h", fires=1),
    _burn("requests", "refusals", {**_answers("200", 90), **_answers("422", 10)}, window="1h|6h|1d|3d", fires=0),
    _burn("requests", "of probes", _answers("503", 10, route="/health/ready"), window="1h|6h|1d|3d", fires=0),
    _burn("success", "jobs fail", _ended(ok=90, GAVE_UP=10), window="1h", fires=1),
    _burn("success", "every job fails", _ended(RAN_TOO_LONG=10), window="1h", fires=1),
    _burn("success", "photos of other things", _ended(ok=90, NOT_A_ROOM=10), window="1h|6h|1d|3d", fires=0),
    *_pair("ModomoQueueOld", "modomo_queue_oldest_wait_seconds", bad="90x100", good="30x100"),
    *_pair("ModomoJobsStuck", "modomo_queue_overdue_seconds", bad="40x100", good="5x100"),
    *_pair(
        "ModomoJobsGivenUp", "modomo_jobs_ended_total", bad="3x30 4x30", good="4x200", status="failed", reason="GAVE_UP"
    ),
    *_pair(
        "ModomoJobsGivenUp", "modomo_jobs_ended_total", bad="_x30 1x30", good="_x200", status="failed", reason="GAVE_UP"
    ),
    Case(
        alert="ModomoJobsGivenUp",
        what="a gateway that starts shows what has long been known",
        series={
            f"modomo_jobs_ended_total{_labels(pod='old', status='failed', reason='GAVE_UP')}": "4x200",
            f"modomo_jobs_ended_total{_labels(pod='new', status='failed', reason='GAVE_UP')}": "_x30 4x100",
        },
        fires=0,
    ),
    Case(
        alert="ModomoNobodyWorks",
        what="jobs wait and workers do nothing",
        series={f"modomo_queue_waiting{_GAUGE}": "5x100", f"modomo_worker_jobs_running{_GAUGE}": "0x100"},
        fires=1,
    ),
    Case(
        alert="ModomoNobodyWorks", what="there is no worker", series={f"modomo_queue_waiting{_GAUGE}": "5x100"}, fires=1
    ),
    Case(
        alert="ModomoNobodyWorks",
        what="workers work",
        series={f"modomo_queue_waiting{_GAUGE}": "5x100", f"modomo_worker_jobs_running{_GAUGE}": "4x100"},
        fires=0,
    ),
    *_pair(
        "ModomoGpuOutOfMemory",
        "modomo_rpc_errors_total",
        bad="2x30 3x30",
        good="3x200",
        method="M",
        reason="OUT_OF_MEMORY",
    ),
    *_pair(
        "ModomoGpuOutOfMemory",
        "modomo_rpc_errors_total",
        bad="_x30 1x30",
        good="_x200",
        method="M",
        reason="OUT_OF_MEMORY",
    ),
    *(
        Case(
            alert="ModomoGpuMemoryFull",
            what=f"{used} of 16 GB",
            series={
                f"modomo_gpu_memory_used_bytes{_labels(gpu='0')}": f"{used}e9x100",
                f"modomo_gpu_memory_total_bytes{_labels(gpu='0')}": "16e9x100",
            },
            fires=fires,
        )
        for used, fires in ((15.8, 1), (12, 0))
    ),
    *(
        Case(
            alert="ModomoImagesDear",
            what=f"{cents} cents an image",
            series={f"modomo_job_cost_usd_total{_labels(engine='torch')}": f"0+{cents / 10}x400", **_ended(ok=10)},
            fires=fires,
            minutes=80,
        )
        for cents, fires in ((8, 1), (2, 0))
    ),
    Case(
        alert="ModomoDependencyDown",
        what="jobs wait for diffusion",
        series={
            f"modomo_dependency_up{_labels(dependency='diffusion')}": "0x100",
            f"modomo_queue_waiting{_GAUGE}": "1x100",
            f"modomo_queue_running{_GAUGE}": "0x100",
        },
        fires=1,
    ),
    Case(
        alert="ModomoDependencyDown",
        what="diffusion sleeps",
        series={
            f"modomo_dependency_up{_labels(dependency='diffusion')}": "0x100",
            f"modomo_dependency_up{_labels(dependency='redis')}": "1x100",
            f"modomo_queue_waiting{_GAUGE}": "0x100",
            f"modomo_queue_running{_GAUGE}": "0x100",
        },
        fires=0,
    ),
    *_pair("ModomoDependencyDown", "modomo_dependency_up", bad="0x100", good="1x100", dependency="redis"),
    *_pair("ModomoRedisErrors", "modomo_redis_errors_total", bad="0+30x100", good="0+2x100", kind="timeout"),
    *(
        Case(
            alert="ModomoStorageErrors",
            what=f"{bad} of 100 calls fail",
            series={
                _PUTS + _labels(operation="put", outcome="error"): f"0+{bad}x100",
                _PUTS + _labels(operation="put", outcome="ok"): f"0+{100 - bad}x100",
            },
            fires=fires,
        )
        for bad, fires in ((20, 1), (2, 0))
    ),
    *_pair("ModomoEventsStopped", "modomo_events_flowing", bad="0x100", good="1x100"),
    *_pair("ModomoWebhooksLate", "modomo_webhooks_late_seconds", bad="600x100", good="20x100"),
    *_pair("ModomoUnexpectedErrors", "modomo_http_unexpected_errors_total", bad="0x30 1x30", good="1x200"),
    Case(alert="ModomoProcessMissing", what="nothing is there", series={"up": "1x100"}, fires=2),
    Case(alert="ModomoProcessMissing", what="all are there", series=_HERE, fires=0),
)
