"""Runs inside an image: prints what is installed there, as JSON. Nothing but the standard library is at hand."""

import json
import re
from importlib.metadata import distributions
from pathlib import Path

STATUS = Path("/var/lib/dpkg/status")


def python_packages() -> list[dict[str, str]]:
    """Name, version and licence of every distribution that this interpreter finds."""
    found = {}
    for one in distributions():
        licence = (one.metadata.get_all("License-Expression") or [""])[0]
        found[one.metadata["Name"]] = {"name": one.metadata["Name"], "version": one.version, "licence": licence}
    return [found[name] for name in sorted(found)]


def debian_packages() -> list[dict[str, str]]:
    """Name, version and architecture of every package that dpkg has installed."""
    found = []
    for paragraph in STATUS.read_text().split("\n\n") if STATUS.exists() else []:
        fields = dict(re.findall(r"(?m)^(Package|Status|Version|Architecture): (.*)$", paragraph))
        if fields.get("Status") == "install ok installed":
            found.append({name.lower(): fields[name] for name in ("Package", "Version", "Architecture")})
    return found


if __name__ == "__main__":
    print(json.dumps({"python": python_packages(), "debian": debian_packages()}))
