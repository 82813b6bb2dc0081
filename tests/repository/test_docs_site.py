"""The documentation site builds with every link good, loads nothing from elsewhere, and its reference is complete."""

import re
import subprocess
from pathlib import Path

import pytest

from tools.docs import modules, openapi, pages, protos, site


@pytest.mark.slow
def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    assert site.build(tmp_path / "pages", tmp_path / "site") == 0
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=\"?(\w+:)?//", page.read_text())
        assert not loaded, page
    home = (tmp_path / "site" / "index.html").read_text()
    for title in ("Guides", "Decisions", "Reference", "HTTP", "gRPC", "Python", "Deploy", "Services", "Project"):
        assert re.search(rf">\s*{title}\s*<", home), title


@pytest.mark.slow
def test_a_link_to_a_page_that_is_not_there_ends_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {
        "README.md": "# Modomo\n\n[metrics](docs/metrics.md)\n",
        "SECURITY.md": "",
        "docs/metrics.md": "# Metrics\n",
    }
    monkeypatch.setattr(pages, "written", lambda: written)
    for module in (protos, modules):
        monkeypatch.setattr(module, "pages", dict)
    monkeypatch.setattr(openapi, "files", lambda: {openapi.PAGE: "# HTTP API"})
    assert site.build(tmp_path / "pages", tmp_path / "site") == 0
    written["README.md"] += "[gone](docs/gone.md)\n"
    assert site.build(tmp_path / "pages", tmp_path / "site") == 1


def test_links_hold_on_the_site_to_folders_and_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "README.md").write_text("[up](../../x.txt) [out](https://example.com/a/b)")
    (tmp_path / "x.txt").touch()
    (tmp_path / "y.md").write_text("[in](a/b/) [file](x.txt) [here](#a)")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    monkeypatch.setattr(pages, "ROOT", tmp_path)
    written = pages.written()
    assert written == {
        "a/b/README.md": "[up](../../x.txt) [out](https://example.com/a/b)",
        "y.md": "[in](a/b/README.md) [file](x.txt) [here](#a)",
    }
    assert list(pages.linked(written)) == ["x.txt", "x.txt"]


def test_every_decision_has_its_parts_and_its_line_in_the_index() -> None:
    folder = pages.ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text()
    for number, path in enumerate(sorted(folder.glob("0*.md")), start=1):
        title, *parts = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
        assert title.startswith(f"{number}. ")
        assert path.name.startswith(f"{number:04}-")
        assert parts == ["Context", "Decision", "Consequences"]
        assert f"| {number} | [{title.partition('. ')[2]}]({path.name}) |\n" in index


def test_every_call_and_field_of_the_protos_is_told_with_its_meaning() -> None:
    text = "\n".join(protos.pages().values())
    for file in protos.described():
        for service in file.service:
            for method in service.method:
                assert re.search(rf"### {service.name}\.{method.name}\n\n.* → .*\n\n\w", text)
        for message in file.message_type:
            (section,) = re.findall(rf"(?ms)^## {message.name} .*?(?=^## |\Z)", protos.pages()[_page(file.package)])
            for field in message.field:
                assert re.search(rf"^\| `{field.name}` \| {field.number} \| \S.* \| \S.* \|$", section, re.MULTILINE)
        for enum in file.enum_type:
            for value in enum.value:
                assert f"| `{value.name}` | {value.number} |" in text


def test_every_module_of_every_package_has_its_place() -> None:
    text = "\n".join(modules.pages().values())
    for package in modules.packages():
        for path in package.rglob("*.py"):
            if not path.stem.startswith("_"):
                name = ".".join(path.relative_to(package.parent).with_suffix("").parts)
                assert re.search(rf"^::: {re.escape(name)}$", text, re.MULTILINE), name


def test_the_http_api_is_the_gateways_own() -> None:
    document = openapi.document()
    assert {"/transform/submit", "/transform/events/{job_id}", "/health"} <= document["paths"].keys()
    assert "Problem" in document["components"]["schemas"]


def _page(package: str) -> str:
    return f"{protos.FOLDER}/{package}.md"
