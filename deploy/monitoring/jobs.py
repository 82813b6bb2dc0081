"""The rows that tell how jobs fare: what is promised, and their way through the system."""

from typing import Final

from deploy.monitoring.objectives import OBJECTIVES, OWN_DOING
from deploy.monitoring.panels import Panel, Query, Row
from deploy.monitoring.queries import IN, ended, most, per_second, quantile, total

FAILED: Final = 'status="failed"'

PROMISES: Final = Row(
    title="Promises",
    panels=[
        *(
            Panel(
                title=objective.promise,
                kind="stat",
                width=4,
                unit="percentunit",
                description="Share of the last day that was not so; red where a month's budget goes 3 times too fast.",
                queries=[Query(expr=f'modomo:objective_bad:ratio_rate1d{{{IN}, objective="{objective.name}"}}')],
                limits=[("green", 0), ("orange", objective.budget), ("red", round(3 * objective.budget, 6))],
            )
            for objective in OBJECTIVES
        ),
        Panel(
            title="Share that was not as promised, last hour",
            width=24,
            unit="percentunit",
            queries=[Query(expr=f"modomo:objective_bad:ratio_rate1h{{{IN}}}", legend="{{objective}}")],
        ),
    ],
)

JOBS: Final = Row(
    title="Jobs",
    panels=[
        Panel(
            title="In the system",
            stacked=True,
            queries=[
                Query(expr=most("modomo_queue_running"), legend="worked on"),
                Query(expr=most("modomo_queue_waiting"), legend="waiting"),
                Query(expr=most("modomo_queue_delayed"), legend="waiting for another try"),
            ],
        ),
        Panel(
            title="Accepted and ended a second",
            unit="ops",
            queries=[
                Query(expr=per_second("modomo_jobs_accepted_total", "priority"), legend="accepted, {{priority}}"),
                Query(expr=f"sum by (status) ({ended()})", legend="{{status}}"),
            ],
        ),
        Panel(
            title="Failed a second, by reason",
            unit="ops",
            description=f"{', '.join(OWN_DOING)} lie in the photo; GAVE_UP leaves a dead letter.",
            queries=[
                Query(
                    expr=f"sum by (reason) ({ended(FAILED)})",
                    legend="{{reason}}",
                )
            ],
        ),
        Panel(
            title="Age of the first in line; over the deadline",
            unit="s",
            queries=[
                Query(expr=most("modomo_queue_oldest_wait_seconds"), legend="oldest wait"),
                Query(expr=most("modomo_queue_overdue_seconds"), legend="over the deadline, without an ending"),
            ],
        ),
        Panel(
            title="Until the first look",
            unit="s",
            limits=[("transparent", 0), ("red", 1.5)],
            queries=[
                Query(expr=quantile(share, "modomo_first_look_seconds"), legend=f"p{share:.0%}")
                for share in (0.5, 0.95)
            ],
        ),
        Panel(
            title="First looks a second, by what came of them",
            unit="ops",
            queries=[Query(expr=per_second("modomo_first_looks_total", "outcome"), legend="{{outcome}}")],
        ),
        Panel(
            title="Until a worker takes it up",
            unit="s",
            queries=[
                Query(expr=quantile(share, "modomo_job_wait_seconds"), legend=f"p{share:.0%}") for share in (0.5, 0.95)
            ],
        ),
        Panel(
            title="From being taken up to completed",
            unit="s",
            limits=[("transparent", 0), ("red", 15)],
            queries=[
                Query(expr=quantile(share, "modomo_job_processing_seconds"), legend=f"p{share:.0%}")
                for share in (0.5, 0.95, 0.99)
            ],
        ),
        Panel(
            title="Stages, median",
            unit="s",
            queries=[Query(expr=quantile(0.5, "modomo_stage_duration_seconds", "stage"), legend="{{stage}}")],
        ),
        Panel(
            title="Attempts a second, by how they went",
            unit="ops",
            queries=[Query(expr=per_second("modomo_job_attempts_total", "outcome"), legend="{{outcome}}")],
        ),
        Panel(
            title="Slots of the workers",
            queries=[
                Query(expr=total("modomo_worker_jobs_running"), legend="busy"),
                Query(expr=total("modomo_worker_lanes"), legend="all"),
            ],
        ),
    ],
)
