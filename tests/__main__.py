"""Lint, types, imports, spelling and tests: on this Python, or on every one that is found.

    python -m tests              on this Python; without the long tests and those of the benchmarks
    python -m tests --quick      the same without the tests in tests/slow.txt, under a minute
    python -m tests --every      also the benchmarks' tests, and every other Python from 3.11 on
    python -m tests --rest       what --every adds, where `python -m tests` has already run
    python -m tests --wheel      the tests alone, with the package as a wheel holds it
    python -m tests --measure    time the tests, on an idle machine, and write tests/slow.txt anew
    python -m tests -- -k shelf  what follows the two dashes goes to pytest, and chooses the tests

The other Pythons get an environment of their own beside this one (`.venv-3.13`), which is made
while other tests run. The newest runs all tests, those in between the quick ones. The page is tried
in a browser on this Python alone.
The whole of the long tests: python -m pytest -m stress -n 2 -rP
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
OWN = "{}.{}".format(*sys.version_info[:2])
ASK = "import sys; print('%d.%d' % sys.version_info[:2] if sys.prefix == sys.base_prefix else '')"
CHECKS = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy": ["-m", "mypy"],
    "lint-imports": ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
    "codespell": ["-m", "codespell_lib"],
}
BROWSER = ("tests/test_page_browser.py", "tests/test_review_browser.py")
ELSEWHERE = [f"--ignore={file}" for file in BROWSER]  # the page is the same from every Python
SUMMARY = re.compile(r"(?:\d+ [a-z]+, )*\d+ [a-z]+ in [\d.]+s|no tests ran in [\d.]+s")
NOT_SOURCE = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info", "build", "dist"
)


class Step(NamedTuple):
    """One thing that was run, and the line with which it ended."""

    name: str
    passed: bool
    summary: str = ""


def main() -> int:
    options = parse_args()
    here = Path(sys.executable)
    if options.wheel is not None:
        with tempfile.TemporaryDirectory() as folder:
            tree = with_wheel(Path(folder), options.wheel)
            return told([run_pytest(f"{OWN}, wheel", here, options.pytest, tree)])
    rest = options.every or options.rest
    with environments(wanted=rest) as others:
        steps = []
        if not options.rest:
            narrowed = [f"--{name}" for name in ("quick", "measure") if vars(options)[name]]
            steps = [*checks(here), run_pytest(OWN, here, [*narrowed, *options.pytest])]
        if rest and not options.pytest:
            steps.append(run_pytest(f"{OWN}, benchmarks", here, ["-m", "benchmarks"]))
        newest = max(others, key=_numbers, default="")
        for version, made in others.items():
            # What fails on one Python alone fails on the oldest or the newest.
            elsewhere = ELSEWHERE if version == newest else [*ELSEWHERE, "--quick"]
            steps.append(run_pytest(version, made.result(), options.pytest or elsewhere))
    return told(steps)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--quick", action="store_true", help="without the slowest tests")
    what.add_argument("--every", action="store_true", help="everything, on every Python")
    what.add_argument("--rest", action="store_true", help="what --every adds")
    what.add_argument(
        "--wheel", nargs="?", const="", help="tests of a wheel, built if none is named"
    )
    what.add_argument("--measure", action="store_true", help="find the slowest tests anew")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest")
    return parser.parse_args()


def checks(python: Path) -> list[Step]:
    return [Step(name, run([str(python), *command]) == 0) for name, command in CHECKS.items()]


def run_pytest(name: str, python: Path, arguments: list[str], tree: Path = ROOT) -> Step:
    """Run pytest on all cores, show what it prints, and keep the line with which it ends."""
    # File by file: two workers would start Chromium, Dask and other shared fixtures twice.
    parallel = ["-n", "auto", "--dist=loadfile"]
    command = [str(python), "-m", "pytest", "-q", *parallel, *arguments]
    print("+", " ".join(command), flush=True)
    summary = "pytest did not come to an end"
    with subprocess.Popen(
        command, cwd=tree, env=environ(), stdout=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if ending := SUMMARY.search(line):
                summary = ending[0]
    return Step(name, process.returncode == 0, summary)


def _numbers(version: str) -> list[int]:
    """Return a version as numbers: 3.9 comes before 3.10."""
    return [int(part) for part in version.split(".")]


def told(steps: list[Step]) -> int:
    """Print how every step ended, failures last; return the exit status."""
    for step in sorted(steps, key=lambda step: not step.passed):
        print("passed" if step.passed else "FAILED", step.name, step.summary, sep="  ")
    return 0 if all(step.passed for step in steps) else 1


def run(command: list[str]) -> int:
    print("+", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT, env=environ(), check=False).returncode


def environ() -> dict[str, str]:
    # Else each of the thousands of processes that the tests start would compile everything anew.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def with_wheel(folder: Path, wheel: str) -> Path:
    """Return a copy of this checkout in which the package is that of a wheel."""
    tree = folder / "checkout"
    shutil.copytree(ROOT, tree, ignore=NOT_SOURCE)
    if not wheel:
        build = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "-q",
            "--no-deps",
            "-w",
            str(folder),
            str(tree),
        ]
        subprocess.run(build, check=True)
        (built,) = folder.glob("*.whl")
        wheel = str(built)
    shutil.rmtree(tree / "imageshelf")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tree)
    return tree


@contextmanager
def environments(*, wanted: bool) -> Iterator[dict[str, Future[Path]]]:
    """Yield the other versions with the Pythons of their environments, which are being made."""
    others = interpreters() if wanted else {}
    others.pop(OWN, None)
    ahead = ThreadPoolExecutor(1)
    try:
        yield {
            version: ahead.submit(environment, version, others[version])
            for version in sorted(others)
        }
    finally:  # after Ctrl-C nothing more is begun
        ahead.shutdown(cancel_futures=True)


def interpreters() -> dict[str, Path]:
    """Return the Pythons from 3.11 on: those on the path, and pyenv's."""
    candidates = [
        Path(folder) / name
        for folder in os.environ.get("PATH", "").split(os.pathsep)
        if Path(folder).is_dir()
        for name in sorted(os.listdir(folder))
        if re.fullmatch(r"python3\.\d\d(\.exe)?", name)
    ]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False)
        candidates += sorted(Path(root.stdout.strip()).glob("versions/*/bin/python"))
    found: dict[str, Path] = {}
    for candidate in candidates:
        answer = subprocess.run(
            [candidate, "-c", ASK], capture_output=True, text=True, check=False
        ).stdout.strip()
        if answer and tuple(map(int, answer.split("."))) >= OLDEST:
            found[answer] = candidate
    return found


def environment(version: str, python: Path) -> Path:
    """Return the Python of an environment for that version, made and filled when it is missing."""
    folder = ROOT / f".venv-{version}"
    inside = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not inside.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([inside, "-m", "pip", "install", "-q", "-e", ".[test]"], cwd=ROOT, check=True)
    return inside


if __name__ == "__main__":
    raise SystemExit(main())
