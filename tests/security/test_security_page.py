"""SECURITY.md names tests that there are, by their names or the ends of their paths, and all endpoints."""

import re
from pathlib import Path

from modomo.transform.v1 import transform_service_pb2 as pb
from tools.docs.openapi import document

ROOT = Path(__file__).parents[2]


def test_every_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`((?:\w+/)*test_\w+\.py)`", (ROOT / "SECURITY.md").read_text()))
    there = [f"/{path}" for folder in ("services", "tests") for path in (ROOT / folder).rglob("test_*.py")]
    assert len(named) > 20
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in there)] == []


def test_every_endpoint_stands_in_the_table() -> None:
    table = (ROOT / "SECURITY.md").read_text().partition("## Endpoints")[2].partition("\n## ")[0]
    http = [f"`{method.upper()} {path}`" for path, item in document()["paths"].items() for method in item]
    grpc = [f"gRPC `{method.name}`" for method in pb.DESCRIPTOR.services_by_name["TransformService"].methods]
    assert len(http) > 10
    assert [endpoint for endpoint in (*http, *grpc) if endpoint not in table] == []
