"""What runs on GitHub cannot run here: its files keep to their schemas, and trust no stranger."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT

GITHUB = ROOT / ".github"
WORKFLOWS = sorted(GITHUB.glob("workflows/*.yml"))
FORMS = [GITHUB / "ISSUE_TEMPLATE" / name for name in ("bug.yml", "idea.yml")]
STRANGER = """
      - run: echo "${{ github.event.pull_request.title }}"
"""


def against_schema(schema: str, *files: Path) -> str:
    """Return what is wrong with the files; "" for nothing."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def trust(folder: Path) -> str:
    """Return what a stranger could use in the workflows below a folder; "" for nothing."""
    zizmor = shutil.which("zizmor", path=sysconfig.get_path("scripts"))
    assert zizmor, "install the extra: pip install -e '.[test]'"
    command = [zizmor, "--offline", "--no-progress", "--color", "never", str(folder)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", WORKFLOWS),
        ("custom.github-workflows-require-timeout", WORKFLOWS),
        ("vendor.github-issue-forms", FORMS),
        ("vendor.github-issue-config", [GITHUB / "ISSUE_TEMPLATE" / "config.yml"]),
        ("vendor.dependabot", [GITHUB / "dependabot.yml"]),
    ],
)
def test_every_file_keeps_to_its_schema(schema: str, files: list[Path]) -> None:
    assert files
    assert not against_schema(schema, *files)


def test_a_mistake_is_told_by_the_schema(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    text = (GITHUB / "workflows" / "tests.yml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("runs-on:", "runs-upon:"), encoding="utf-8")
    assert "runs-on" in against_schema("vendor.github-workflows", wrong)


def test_no_stranger_can_use_a_workflow() -> None:
    assert not trust(GITHUB)


def test_what_a_stranger_could_use_is_told(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    text = (GITHUB / "workflows" / "tests.yml").read_text(encoding="utf-8")
    (folder / "tests.yml").write_text(text.rstrip() + STRANGER, encoding="utf-8")
    assert "template-injection" in trust(tmp_path)


def test_the_oldest_python_that_is_promised_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (GITHUB / "workflows" / "tests.yml").read_text(encoding="utf-8")
    (versions,) = re.findall(r"python: \[(.*)\]", text)
    oldest = re.findall(r'"(.*?)"', versions)[0]
    assert project["requires-python"] == f">={oldest}"


def test_every_command_of_the_tests_is_one_that_there_is() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for path in (*WORKFLOWS, ROOT / ".ci" / "run", ROOT / "CONTRIBUTING.md"):
        for option in re.findall(r"-m tests (--[a-z]+)", path.read_text(encoding="utf-8")):
            assert f"{option} " in told, path
