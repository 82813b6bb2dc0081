"""The dashboard: first what is promised, then a job's way through the system, then the machines."""

import json
from typing import Final

from deploy.monitoring.jobs import JOBS, PROMISES
from deploy.monitoring.machines import DEVICES, PROCESSES, STORES
from deploy.monitoring.panels import laid_out
from deploy.monitoring.requests import CALLS, REQUESTS

ROWS: Final = (PROMISES, JOBS, REQUESTS, CALLS, DEVICES, STORES, PROCESSES)


def text() -> str:
    """The dashboard as Grafana reads it."""
    dashboard = {
        "uid": "modomo",
        "title": "Modomo",
        "tags": ["modomo"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"},
                {
                    "name": "namespace",
                    "label": "Namespace",
                    "type": "query",
                    "datasource": {"type": "prometheus", "uid": "${source}"},
                    "query": {"query": "label_values(modomo_build_info, namespace)", "refId": "namespace"},
                    "refresh": 2,
                    "sort": 1,
                },
            ]
        },
        "annotations": {"list": []},
        "panels": laid_out(ROWS),
    }
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"
