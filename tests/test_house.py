"""The plan of the package: one name for a class, one way to a module."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

from tests.conftest import ROOT

PACKAGE = Path(ROOT) / "imageshelf"
# Our own modules are imported by statements, which import-linter and a reader can follow, except:
OURS_BY_NAME = {
    "__init__.py": "public names are loaded on first use",
    "workers/serving.py": "a worker gets the name of its function, which may be any",
}
THEIRS_BY_NAME = {
    "pictures/decoding.py": "Pillow's plug-ins, each when a file needs it",
    "pictures/fetching.py": "fsspec, which is an extra",
}


def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def test_a_class_name_exists_once() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(name)
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}


def called(tree: ast.Module, function: str) -> int:
    return sum(
        isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == function
        for node in ast.walk(tree)
    )


def test_two_places_import_modules_of_ours_by_name() -> None:
    users = {
        name: sum(called(tree, function) for function in ("import_module", "__import__"))
        for name, tree in trees().items()
    }
    expected = dict.fromkeys(OURS_BY_NAME | THEIRS_BY_NAME, 1)
    assert {name: number for name, number in users.items() if number} == expected | {
        "pictures/fetching.py": 2  # fsspec and its core
    }
    assert len(OURS_BY_NAME) <= 2
