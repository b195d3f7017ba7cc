"""The scripts and functions in a real Jupyter kernel."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT

nbformat = pytest.importorskip("nbformat", reason="needs nbformat")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient")
pytestmark = pytest.mark.filterwarnings("default")  # the kernel's own libraries warn


def executed(folder: Path, *cells: str) -> list[list[dict[str, object]]]:
    """Run the cells in a kernel that starts in `folder`; return the outputs of each."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    return [cell["outputs"] for cell in notebook["cells"]]


def text(outputs: list[dict[str, object]]) -> str:
    """Return everything a cell printed and showed."""
    parts = []
    for output in outputs:
        parts.append(str(output.get("text", "")))
        parts.append(json.dumps(output.get("data", {})))
        parts.append(str(output.get("traceback", "")))
    return "".join(parts)


def test_the_scripts_run_in_cells_twice_and_from_another_folder(
    photos: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    run = f"%run {ROOT / 'index.py'} --dataset {photos} --shelve db.shelve --jobs 2"
    ask = f"%run {ROOT / 'search.py'} --query {photos / '0.jpg'} --shelve db.shelve"
    first, _, again, asked, result, twice, stranger = executed(
        elsewhere,
        run,
        f"import pathlib; pathlib.Path({str(photos / '0.jpg')!r}).touch()",
        run,
        ask,
        "matches[0].kind, len(matches)",
        ask,
        f"%run {ROOT / 'search.py'} --query {photos / '1.jpg'} --shelve nowhere.shelve",
    )
    assert "6 new" in text(first)
    assert "1 changed, 5 unchanged" in text(again)
    assert "<table" in text(asked)
    assert "('same file', 1)" in text(result)
    assert "<table" in text(twice)
    assert "does not exist" in text(stranger)


def test_the_functions_do_the_same(photos: Path, tmp_path: Path) -> None:
    first, asked, opened, _, groups, told = executed(
        tmp_path,
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from imageshelf import index, search, open_shelf, key\n"
        "index('photos', 'db.shelve')",
        "search('photos/0.jpg', 'db.shelve')",
        "with open_shelf('db.shelve') as db: print(db[key('photos/0.jpg')])",
        "import shutil; shutil.copy('photos/1.jpg', 'photos/copy.jpg')\n"
        "index('photos', 'db.shelve')",
        f"%run {ROOT / 'search.py'} --duplicates --shelve db.shelve",
        "groups",
    )
    assert "<1 group of copies among 7 pictures>" in text(told)
    assert "new=6" in text(first)
    assert "reading: 6 pictures" in text(first)  # the progress, and its rate
    assert "<table" in text(asked)
    assert "['photos/0.jpg']" in text(opened)
    assert text(groups).count("<img") == 2
    assert "1 group of copies among 7 pictures" in text(groups)
    assert os.listdir(tmp_path).count("db.shelve") == 1


def test_the_notebook_of_the_docs_runs_from_top_to_bottom(drawn_demo: Path, tmp_path: Path) -> None:
    pytest.importorskip("pandas", reason="needs pandas")
    shutil.copytree(drawn_demo, tmp_path / "demo")  # which the notebook would draw
    notebook = nbformat.read(ROOT / "docs" / "imageshelf.ipynb", as_version=4)
    sources = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    first = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + sources[0]
    outputs = executed(tmp_path, first, *sources[1:])
    shown = dict(zip(sources, map(text, outputs), strict=True))
    assert "(39,\\n 37,\\n [" in shown[sources[1]]
    assert "demo/converted/fruit.png" in shown[sources[2]]
    for source in sources:
        if source.startswith(("matches", "duplicates(", "explain(")):
            assert "<img" in shown[source], source
    assert "identical pixels" in shown[next(s for s in sources if "DataFrame" in s)]
    assert "<svg" in shown['calibrate("demo.shelve")']
