"""The rows of requests: from outside, and between services."""

from typing import Final

from deploy.monitoring.panels import Panel, Query, Row
from deploy.monitoring.queries import per_second, quantile, total

_HTTP: Final = "modomo_http_request_duration_seconds"
_STREAMS: Final = 'route!~"/health.*|/metrics|/transform/events/.*"'
_CALLS: Final = 'method!="/modomo.notifier.v1.NotifierService/Watch"'

REQUESTS: Final = Row(
    title="HTTP, WebSocket, gRPC",
    panels=[
        Panel(
            title="Requests a second",
            unit="reqps",
            queries=[Query(expr=per_second(f"{_HTTP}_count", "route", _STREAMS), legend="{{route}}")],
        ),
        Panel(
            title="Errors of ours a second",
            unit="reqps",
            queries=[
                Query(
                    expr=per_second(f"{_HTTP}_count", "route, status", 'status=~"5.."'), legend="{{route}} {{status}}"
                ),
                Query(expr=per_second("modomo_http_unexpected_errors_total"), legend="unexpected"),
            ],
        ),
        Panel(
            title="Time to answer, p95",
            unit="s",
            queries=[Query(expr=quantile(0.95, _HTTP, "route", _STREAMS), legend="{{route}}")],
        ),
        Panel(
            title="From an event's writing to its client, p99",
            unit="s",
            limits=[("transparent", 0), ("red", 0.1)],
            queries=[Query(expr=quantile(0.99, "modomo_event_delivery_seconds", "transport"), legend="{{transport}}")],
        ),
        Panel(
            title="Those who watch",
            queries=[
                Query(expr=total("modomo_http_websockets_open"), legend="WebSockets"),
                Query(expr=total("modomo_event_streams_open"), legend="event streams"),
                Query(expr=total("modomo_watchers_open"), legend="watches at the notifiers"),
            ],
        ),
        Panel(
            title="Uploads in memory",
            unit="bytes",
            queries=[Query(expr=total("modomo_upload_bytes", "pod"), legend="{{pod}}")],
        ),
    ],
)

CALLS: Final = Row(
    title="Calls between services",
    panels=[
        Panel(
            title="Calls a second",
            unit="reqps",
            queries=[Query(expr=per_second("modomo_rpc_duration_seconds_count", "method"), legend="{{method}}")],
        ),
        Panel(
            title="Errors a second",
            unit="reqps",
            queries=[
                Query(expr=per_second("modomo_rpc_errors_total", "method, reason"), legend="{{method}} {{reason}}")
            ],
        ),
        Panel(
            title="Under way",
            description="What the autoscalers of detection, controlmaps and diffusion look at.",
            queries=[Query(expr=total("modomo_rpc_in_flight", "method"), legend="{{method}}")],
        ),
        Panel(
            title="As the service sees it, p95",
            unit="s",
            queries=[Query(expr=quantile(0.95, "modomo_rpc_duration_seconds", "method", _CALLS), legend="{{method}}")],
        ),
        Panel(
            title="As the caller sees it, p95",
            unit="s",
            queries=[
                Query(expr=quantile(0.95, "modomo_rpc_client_duration_seconds", "method", _CALLS), legend="{{method}}")
            ],
        ),
        Panel(
            title="Waited for by callers",
            queries=[Query(expr=total("modomo_rpc_client_in_flight", "method"), legend="{{method}}")],
        ),
    ],
)
