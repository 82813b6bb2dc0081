"""Which value of the Helm chart a problem with settings comes from, so that an operator knows what to change.

The chart sets `MODOMO_CHART_VALUES` to its value behind each variable,
`MODOMO_S3_BUCKET=global.s3.bucket,*=gateway.env`, where `*` stands for all others. Without a chart it is not set.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "MODOMO_CHART_VALUES"
_NAMED: Final = re.compile(r"MODOMO_[A-Z0-9_]+|\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
"""A variable, or the name of a settings field."""


def chart_value(problem: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Fields for a log line: `value`, the chart's value behind the variable that a problem names; none without a chart.

    For a variable that has no value of its own this is `<component>.env.<variable>`, and `<component>.env` where the
    problem names none.
    """
    values = dict(pair.partition("=")[::2] for pair in environ.get(VARIABLE, "").split(",") if "=" in pair)
    rest = values.get("*")
    if not rest:
        return {}
    named = [name if name.isupper() else f"MODOMO_{name.upper()}" for name in _NAMED.findall(problem)]
    for name in named:
        if name in values:
            return {"value": values[name]}
    for name in _NAMED.findall(problem):
        if name.isupper() and not name.endswith("_"):
            return {"value": f"{rest}.{name}"}
    return {"value": rest}
