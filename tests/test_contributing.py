"""What people who take part are told is true: paths exist, examples stand in the code."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from tests.test_readme import anchors

PAGES = ["CONTRIBUTING.md", "SECURITY.md", "tests/benchmarks/README.md"]
FOLDERS = r"(?:imageshelf|tests|docs|\.github)"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_and_every_path_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)\s#]+)(?:#([^)\s]+))?\)", text)
    missing = set()
    for link, anchor in links:
        target = (ROOT / page).parent / link
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            missing.add(f"{link}#{anchor}")
    paths = re.findall(rf"(?:`|^# |python )({FOLDERS}/[\w./-]*)", text, re.MULTILINE)
    missing |= {path for path in paths if not (ROOT / path).exists()}
    assert links
    assert not missing


def test_every_example_stands_in_the_code() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(examples) == text.count("```python")
    for path, example in examples:
        assert example in (ROOT / path).read_text(encoding="utf-8"), path


def test_the_test_that_is_named_as_an_example_is_one() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (name,) = re.findall(r"`(test_\w+)`", text)
    assert any(
        f"def {name}(" in path.read_text(encoding="utf-8") for path in ROOT.glob("tests/test_*.py")
    )


def test_every_benchmark_is_in_the_table_with_options_that_it_has() -> None:
    text = (ROOT / "tests/benchmarks/README.md").read_text(encoding="utf-8")
    commands = re.findall(r"`python tests/benchmarks/(\w+\.py)(.*?)`", text)
    for path in sorted((ROOT / "tests/benchmarks").glob("*.py")):
        assert path.name in text
    for name, arguments in commands:
        script = (ROOT / "tests/benchmarks" / name).read_text(encoding="utf-8")
        for option in re.findall(r"--[a-z-]+", arguments):
            assert f'"{option}"' in script, (name, option)


def test_every_figure_of_a_benchmark_has_its_day_and_its_page() -> None:
    text = (ROOT / "tests/benchmarks/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .* \| `python .*` \| (.*) \|$", text, re.MULTILINE)
    assert len(rows) >= 20
    for figure in rows:
        dated = re.search(r"\(\d+ [A-Z][a-z]+ 20\d\d, \[\w+\]\([^)]+\)\)$", figure)
        assert dated or figure.startswith(("not published", 'the row "shelf write"')), figure
