"""The README tells the truth: its sessions run, its options exist, its requirements agree."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from imageshelf.cli import scripts
from imageshelf.cli.options import Rows, add
from imageshelf.cli.parser import Parser
from tests.conftest import ROOT
from tests.options_page import PAGE, page

DOCS = (ROOT / "docs").glob("*.md")
INSTALLING = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_every_session_of_the_readme_gives_the_output_it_shows(
    drawn_demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(drawn_demo, tmp_path / "demo")  # the same files are not drawn again
    checker = doctest.OutputChecker()
    command_file = tmp_path / "imageshelf"
    command_file.write_text("from imageshelf.__main__ import console\nconsole()\n")
    for session in blocks("console"):
        for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE):
            name, *arguments = shlex.split(command)
            assert name == "imageshelf"
            done = subprocess.run(
                [sys.executable, str(command_file), *arguments],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,  # as on a screen
                text=True,
                check=False,
            )
            assert checker.check_output(expected, done.stdout, SAME), (
                f"$ {command}\nexpected:\n{expected}\ngot:\n{done.stdout}"
            )
    monkeypatch.chdir(tmp_path)
    for number, session in enumerate(blocks("python")):
        test = doctest.DocTestParser().get_doctest(session, {}, f"python {number}", "README.md", 0)
        assert test.examples
        assert doctest.DocTestRunner(optionflags=SAME).run(test).failed == 0


def test_the_page_of_options_is_what_the_parser_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.options_page"


def test_the_scripts_take_the_options_of_the_verbs() -> None:
    def options(*rows: Rows) -> set[str]:
        parser = Parser(prog="x")
        for some in rows:
            add(parser, some)
        return set(parser.options())

    of_search = options(scripts.SEARCH_VERB) | options(scripts.DUPLICATES_VERB)
    assert options(scripts.SEARCH_SCRIPT) == of_search | {"--duplicates", "--version"}


def test_the_readme_is_read_to_its_end() -> None:
    lines = README.splitlines()
    assert len(lines) <= 150
    assert len(README.split()) <= 1500
    commands = blocks("sh")[0].splitlines()
    assert len(commands) == 2
    assert [line for line in lines if len(line) > 120 and line not in commands] == []
    assert README.index("```sh") < 700
    assert len(re.findall("powershell\n.*\n.*\n```", INSTALLING)) == 1


def anchors(markdown: str) -> set[str]:
    """The places in a page that a link can name, as GitHub calls them."""
    headings = re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in sorted(DOCS))])
def test_every_link_and_every_named_section_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target
    if page == "README.md":
        for section in re.findall(r"see \*([^*]+)\*", text):
            assert f"\n## {section}\n" in text, section


def test_requirements_and_pyproject_agree_and_every_line_has_a_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"\S+ +# \S.*", line) for line in wanted)
    assert [line.split()[0] for line in wanted] == project["dependencies"]


@pytest.mark.parametrize("module", sorted((ROOT / "imageshelf").rglob("*.py"), key=str))
def test_the_examples_in_the_docstrings_run(module: Path) -> None:
    name = ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if name.endswith("__main__"):
        pytest.skip("runs when imported")
    imported = __import__(name, fromlist=["x"])
    assert doctest.testmod(imported).failed == 0


def test_the_public_names_are_all_there() -> None:
    import imageshelf

    for name in imageshelf.__all__:
        assert getattr(imageshelf, name) is not None
    with pytest.raises(AttributeError):
        imageshelf.nonsense  # noqa: B018
    assert set(imageshelf.__all__) <= set(dir(imageshelf))
