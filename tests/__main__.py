"""Run lint, spelling, types and tests, on this Python and on every other from 3.11 on.

    python -m tests              everything
    python -m tests --this       all of it on this Python only
    python -m tests -- -k shelf  what follows the two dashes goes to pytest

The other interpreters get an environment of their own beside this one (`.venv-3.13`), which is
made while this one's tests run.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
CHECKS = {
    "ruff check": ["-m", "ruff", "check"],
    "ruff format": ["-m", "ruff", "format", "--check"],
    "mypy": ["-m", "mypy"],
    "codespell": ["-m", "codespell_lib"],
    "lint-imports": ["-c", "import importlinter.cli as cli; cli.lint_imports_command()"],
}
ASK = "import sys; print('%d.%d' % sys.version_info[:2] if sys.prefix == sys.base_prefix else '')"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("--this", action="store_true", help="only this interpreter")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest")
    options = parser.parse_args()
    here = Path(sys.executable)
    failed = [check for check, words in CHECKS.items() if run([str(here), *words]) != 0]
    own = "{}.{}".format(*sys.version_info[:2])
    others = {} if options.this else interpreters()
    others.pop(own, None)
    ahead = ThreadPoolExecutor(1)
    try:
        made = {v: ahead.submit(environment, v, others[v]) for v in sorted(others)}
        for version in (own, *made):
            python = here if version == own else made[version].result()
            if run([str(python), "-m", "pytest", "-q", "-n", "auto", *options.pytest]) != 0:
                failed.append(f"pytest on {version}")
    finally:  # after Ctrl-C nothing more is begun
        ahead.shutdown(cancel_futures=True)
    tried = ", ".join([own, *made])
    print("failed: " + ", ".join(failed) if failed else f"all passed on {tried}")
    return 1 if failed else 0


def run(command: list[str]) -> int:
    print("+", " ".join(command), flush=True)
    # Else each of the thousands of processes that the tests start would compile everything anew.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode


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
