"""Where an operator mends what a process complains of.

The Helm chart says in `MODOMO_CHART_VALUES` which of its values each variable comes from,
`MODOMO_S3_BUCKET=global.s3.bucket,*=gateway.env`, the star standing for all others. Elsewhere the variable itself is
all that there is to mend.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

VARIABLE: Final = "MODOMO_CHART_VALUES"
_NAMED: Final = re.compile(r"MODOMO_[A-Z0-9_]+|\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
"""A variable, or a field of settings that is read from one."""


def hint(problem: str, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Fields for a log line: `value`, the chart's value behind what a problem names; nothing outside the chart.

    Where it comes from no value of its own, this is the component's variables: one of them, or as a whole.
    """
    origins = dict(pair.partition("=")[::2] for pair in environ.get(VARIABLE, "").split(",") if "=" in pair)
    rest = origins.get("*")
    if not rest:
        return {}
    named = [name if name.isupper() else f"MODOMO_{name.upper()}" for name in _NAMED.findall(problem)]
    for name in named:
        if name in origins:
            return {"value": origins[name]}
    for name in _NAMED.findall(problem):
        if name.isupper() and not name.endswith("_"):
            return {"value": f"{rest}.{name}"}
    return {"value": rest}
