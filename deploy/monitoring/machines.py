"""The rows of what does the work and what keeps it."""

from typing import Final

from deploy.monitoring.panels import Panel, Query, Row
from deploy.monitoring.queries import IN, ended, most, per_second, quantile, share, total

HIT: Final = 'outcome="hit"'
COMPLETED: Final = 'status="completed"'
COST: Final = f"sum(rate(modomo_job_cost_usd_total{{{IN}}}[$__range]))"
"""Dollars a second over the chosen time."""

DEVICES: Final = Row(
    title="Devices and cost",
    panels=[
        Panel(
            title="Waiting for a device",
            queries=[
                Query(expr=total("modomo_device_jobs_waiting", "device"), legend="{{device}} waiting"),
                Query(expr=total("modomo_device_jobs_running", "device"), legend="{{device}} running"),
            ],
        ),
        Panel(
            title="Wait for a device, p95",
            unit="s",
            queries=[Query(expr=quantile(0.95, "modomo_device_wait_seconds", "device"), legend="{{device}}")],
        ),
        Panel(
            title="Share of the time that a device is busy",
            unit="percentunit",
            queries=[
                Query(expr=per_second("modomo_device_busy_seconds_total", "device, pod"), legend="{{device}} {{pod}}"),
                Query(expr=most("modomo_gpu_utilization_ratio", "pod, gpu"), legend="GPU {{gpu}} of {{pod}}, NVML"),
            ],
        ),
        Panel(
            title="GPU memory",
            unit="bytes",
            queries=[
                Query(expr=most("modomo_gpu_memory_used_bytes", "pod, gpu"), legend="{{pod}} {{gpu}}"),
                Query(expr=most("modomo_gpu_memory_total_bytes"), legend="of"),
            ],
        ),
        Panel(
            title="Steps a second",
            unit="ops",
            queries=[Query(expr=per_second("modomo_diffusion_steps_total", "engine"), legend="{{engine}}")],
        ),
        Panel(
            title="A step",
            unit="s",
            queries=[
                Query(
                    expr=quantile(share, "modomo_diffusion_step_seconds", "engine"),
                    legend=f"{{{{engine}}}} p{share:.0%}",
                )
                for share in (0.5, 0.95)
            ],
        ),
        Panel(
            title="Variants in a batch, average",
            queries=[
                Query(
                    expr=f"{per_second('modomo_diffusion_batch_size_sum')} / "
                    f"{per_second('modomo_diffusion_batch_size_count')}",
                    legend="average",
                )
            ],
        ),
        Panel(
            title="Found in a cache",
            unit="percentunit",
            most=1,
            queries=[
                Query(
                    expr=share("modomo_stage_cache_lookups_total", HIT, "stage"),
                    legend="stage {{stage}}",
                ),
            ],
        ),
        Panel(
            title="Dollars of device time",
            unit="currencyUSD",
            kind="stat",
            description="Over the chosen time: all of it, for each completed image, and the price that is set.",
            limits=[("green", 0)],
            queries=[
                Query(expr=f"{COST} * $__range_s", legend="all"),
                Query(
                    expr=f"{COST} / sum({ended(COMPLETED, '$__range')})",
                    legend="an image",
                ),
                Query(expr=most("modomo_device_usd_per_hour"), legend="an hour"),
            ],
        ),
        Panel(
            title="Device seconds of an image, average",
            unit="s",
            queries=[Query(expr=f"{per_second('modomo_job_device_seconds_total')} / sum({ended(COMPLETED)})")],
        ),
    ],
)

STORES: Final = Row(
    title="Redis, objects, events, webhooks",
    panels=[
        Panel(
            title="What answers",
            most=1,
            description="1 where every process that needs it gets an answer.",
            queries=[Query(expr=f"min by (dependency) (modomo_dependency_up{{{IN}}})", legend="{{dependency}}")],
        ),
        Panel(
            title="Failed calls to Redis a second",
            unit="ops",
            queries=[Query(expr=per_second("modomo_redis_errors_total", "kind"), legend="{{kind}}")],
        ),
        Panel(
            title="Object store, p95",
            unit="s",
            queries=[
                Query(expr=quantile(0.95, "modomo_object_store_duration_seconds", "operation"), legend="{{operation}}")
            ],
        ),
        Panel(
            title="Object store, calls a second",
            unit="ops",
            queries=[
                Query(
                    expr=per_second("modomo_object_store_duration_seconds_count", "operation, outcome"),
                    legend="{{operation}} {{outcome}}",
                )
            ],
        ),
        Panel(
            title="Events a second",
            unit="ops",
            queries=[
                Query(expr=per_second("modomo_events_received_total", "pod"), legend="{{pod}}"),
                Query(expr=f"min(modomo_events_flowing{{{IN}}})", legend="flowing (0 or 1)"),
            ],
        ),
        Panel(
            title="Webhooks",
            queries=[
                Query(expr=most("modomo_webhooks_pending"), legend="to be delivered"),
                Query(expr=most("modomo_webhooks_late_seconds"), legend="late, seconds"),
            ],
        ),
        Panel(
            title="Attempts at webhooks a second",
            unit="ops",
            queries=[Query(expr=per_second("modomo_webhook_attempts_total", "outcome"), legend="{{outcome}}")],
        ),
        Panel(
            title="Receivers of webhooks, p95",
            unit="s",
            queries=[Query(expr=quantile(0.95, "modomo_webhook_duration_seconds"), legend="p95")],
        ),
    ],
)

PROCESSES: Final = Row(
    title="Processes",
    panels=[
        Panel(
            title="Pods, by service and version",
            stacked=True,
            queries=[
                Query(expr=f"count by (service, version) (modomo_build_info{{{IN}}})", legend="{{service}} {{version}}")
            ],
        ),
        Panel(
            title="Cores",
            queries=[Query(expr=per_second("process_cpu_seconds_total", "pod"), legend="{{pod}}")],
        ),
        Panel(
            title="Memory",
            unit="bytes",
            queries=[Query(expr=total("process_resident_memory_bytes", "pod"), legend="{{pod}}")],
        ),
    ],
)
