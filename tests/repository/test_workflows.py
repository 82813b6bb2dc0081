"""Workflows and what else a forge or an editor reads: well formed, pinned, and naming only what there is."""

import json
import os
import re
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.images.catalogue import IMAGES

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
PINNED = re.compile(r"^\s*-? uses: ([\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$", re.MULTILINE)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def has_target(command: str) -> bool:
    """Whether `make …` would do something that the Makefile knows."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, env=environ, capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_little_ends_in_time_and_does_not_pile_up(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert "write-all" not in str(job.get("permissions"))
        if "uses" not in job:
            assert job["timeout-minutes"] <= 120
            assert job["runs-on"] == "ubuntu-24.04"


def test_every_action_is_pinned_to_one_commit() -> None:
    texts = [path.read_text() for path in WORKFLOWS]
    pins = list(chain.from_iterable(map(PINNED.findall, texts)))
    used = [use for text in texts for use in re.findall(r"\buses: (?!\./)", text)]
    assert len(pins) == len(used) > 0
    actions = {(pin.partition("@")[0].split("/")[:2][1], pin.partition("@")[2]) for pin in pins}
    assert len({name for name, _commit in actions}) == len(actions), "two commits of one action"


def test_commands_name_targets_of_the_makefile() -> None:
    steps = [step for path in WORKFLOWS for job in read(path)["jobs"].values() for step in job.get("steps", ())]
    runs = [step["run"] for step in steps if "run" in step]
    made = [command for run in runs for command in re.findall(r"^make .*", run, re.MULTILINE)]
    assert {"make check PYTHON=python", "make dist PYTHON=python"} <= set(made)
    made.append(json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())["postCreateCommand"])
    assert [command for command in made if not has_target(command)] == []
    assert not has_target("make no-such-target")
    for step in steps:
        assert "${{" not in step.get("run", ""), "what comes from outside goes through env"


def test_a_release_has_every_image_that_may_be_shipped_and_signs_them() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert jobs["images"]["strategy"]["matrix"]["image"] == [image.name for image in IMAGES if image.released]
    assert "detection-torch" not in jobs["images"]["strategy"]["matrix"]["image"]  # it has code under the AGPL
    for job in ("images", "publish"):
        assert "cosign sign --yes" in str(jobs[job]["steps"])
        assert jobs[job]["permissions"]["id-token"] == "write"


@pytest.mark.parametrize("path", [form for form in FORMS if form.name != "config.yml"], ids=lambda path: path.name)
def test_an_issue_form_is_one(path: Path) -> None:
    form = read(path)
    assert form.keys() == {"name", "description", "labels", "body"}
    assert len({field["id"] for field in form["body"]}) == len(form["body"])
    for field in form["body"]:
        assert field["type"] in {"textarea", "input", "dropdown"}
        assert field["attributes"]["label"]
        assert (field["type"] == "dropdown") == ("options" in field["attributes"])


def test_dependabot_looks_where_something_is() -> None:
    files = {
        "pip": "pyproject.toml",
        "docker": "Dockerfile",
        "docker-compose": "compose.yaml",
        "github-actions": ".github",
    }
    for update in read(ROOT / ".github" / "dependabot.yml")["updates"]:
        for folder in update.get("directories", [update.get("directory")]):
            assert list(ROOT.glob(f"{folder}/{files[update['package-ecosystem']]}".lstrip("/"))), folder


def test_hooks_run_the_projects_own_tools() -> None:
    hooks = [hook for repo in read(ROOT / ".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    assert {hook["language"] for hook in hooks} == {"system"}
    for hook in hooks:
        assert (ROOT / hook["entry"].split()[0]).is_file(), hook["id"]
