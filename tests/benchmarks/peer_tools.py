"""The tools that peers.py measures beside ours: how each is installed, called and checked.

Every package of PyPI gets an environment of its own, made on first use: what one needs may not suit
the others.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from tests.__main__ import interpreters
from tests.benchmarks.speed import HERE, Command, printed

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


class NotInstalledError(Exception):
    """A peer is not there; says why in one line."""


class Peer(NamedTuple):
    """One tool: its package on PyPI (none: a program to be found), and how it hashes a folder."""

    name: str
    package: str | None
    note: str
    arguments: Callable[[str, str, str, int], list[str]]  # of program, dataset, fresh folder, jobs
    hashed: Callable[[str, str], int] = printed
    heavy: str = ""  # why it is left out unless asked for
    oldest: tuple[int, int] = (3, 11)  # Python that it runs on


def library(name: str) -> Callable[[str, str, str, int], list[str]]:
    """Arguments that have a library hash a folder, see peer_jobs.py."""

    def arguments(python: str, dataset: str, _fresh: str, jobs: int) -> list[str]:
        return [python, "-P", os.path.join(HERE, "peer_jobs.py"), name, dataset, str(jobs)]

    return arguments


def find_dups(python: str, dataset: str, fresh: str, jobs: int) -> list[str]:
    """Arguments of duplicate_images' program: hash, keep the hashes, compare, touch nothing."""
    script = os.path.join(os.path.dirname(python), "find-dups")
    wanted = ["--algorithm", "dhash", "--hash-db", os.path.join(fresh, "hashes.json")]
    return [python, script, *wanted, "--parallel", str(jobs), "--on-equal", "none", dataset]


def find_dups_hashed(fresh: str, _output: str) -> int:
    """Number of hashes that duplicate_images has kept."""
    with open(os.path.join(fresh, "hashes.json"), encoding="utf-8") as file:
        return len(json.load(file)[0])


def findimagedupes(program: str, dataset: str, fresh: str, _jobs: int) -> list[str]:
    """Arguments of findimagedupes: hash, keep the hashes, name each, compare nothing."""
    kept = f"--fingerprints={os.path.join(fresh, 'fingerprints.db')}"
    return [program, "--recurse", "--no-compare", "--verbosity=fp", kept, "--", dataset]


def a_line_each(_fresh: str, output: str) -> int:
    """Number of lines printed, where each is a hash."""
    return len(output.splitlines())


PEERS = (
    Peer(
        "duplicate_images",
        "duplicate_images",
        "`find-dups`, dHash, {jobs} threads; keeps the hashes; compares too, equal ones only",
        find_dups,
        find_dups_hashed,
    ),
    Peer(
        "difPy",
        "difPy",
        "`build`: 50x50 pixels of each, not compared; {jobs} processes",
        library("difPy"),
    ),
    Peer("perception", "perception", "dHash, {jobs} threads", library("perception")),
    Peer(
        "czkawka",
        "czkawka",
        "its Python binding's `find_similar`: compares too; a thread for each core ({jobs})",
        library("czkawka"),
    ),
    Peer(
        "czkawka-pool",
        "czkawka",
        "its `hash_image`, in a pool of {jobs} processes that the benchmark adds",
        library("czkawka-pool"),
    ),
    Peer(
        "imagededup",
        "imagededup",
        "dHash, {jobs} processes, 100 files at a time; imports PyTorch",
        library("imagededup"),
        heavy="brings PyTorch, 6 GB; ask for it with --heavy",
    ),
    Peer(
        "immaculate",
        "immaculate",
        "`find_duplicates`, PDQ: compares too; a thread for each core ({jobs})",
        library("immaculate"),
        oldest=(3, 12),
    ),
    Peer("findimagedupes", None, "its hash, 1 process", findimagedupes, a_line_each),
)


def command(peer: Peer, folder: str, dataset: str, jobs: int) -> Command:
    """Make a contender of a peer, installed below a folder; raises NotInstalledError."""
    if peer.package is None:
        program, version = located(peer.name)
    else:
        program, version = made(peer.package, folder, peer.oldest)
    return Command(
        f"{peer.name} {version}".strip(),
        lambda fresh: peer.arguments(program, dataset, fresh, jobs),
        peer.hashed,
        noted(peer.note, jobs),
    )


def noted(note: str, jobs: int) -> str:
    """Note with the number of processes or threads in it."""
    words = note.format(jobs=jobs)
    if jobs == 1:
        words = words.replace("1 processes", "1 process").replace("1 threads", "1 thread")
    return words


def located(program: str) -> tuple[str, str]:
    """Path of a program, and its version; raises NotInstalledError."""
    path = shutil.which(program)
    if path is None:
        raise NotInstalledError(f"not on the PATH (apt-get install {program})")
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    return path, next((word for word in told.split() if word[0].isdigit()), "")


def made(package: str, folder: str, oldest: tuple[int, int]) -> tuple[str, str]:
    """Python of an environment with a package of PyPI in it, made where it is missing, and version.

    It is this Python, or the first that is not too old. Raises NotInstalledError with pip's last
    word.
    """
    place = os.path.join(folder, package)
    python, stamp = os.path.join(place, "bin", "python"), os.path.join(place, "version.txt")
    if not os.path.exists(stamp):
        print(f"installing {package} into {place}", file=sys.stderr, flush=True)
        shutil.rmtree(place, ignore_errors=True)
        _run(_python(oldest), "-m", "venv", place)
        _run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", package)
        version = _run(python, "-c", VERSION, package)
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(version)
    with open(stamp, encoding="utf-8") as file:
        return python, file.read()


def _python(oldest: tuple[int, int]) -> str:
    if sys.version_info >= oldest:
        return sys.executable
    there = {tuple(map(int, version.split("."))): path for version, path in interpreters().items()}
    for version in sorted(there):
        if version >= oldest:
            return str(there[version])
    raise NotInstalledError(f"needs Python {oldest[0]}.{oldest[1]} or later")


def _run(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalledError(last_line(done.stderr))
    return done.stdout.strip()


def last_line(words: str) -> str:
    """Last line of what a program had to say, fit for a cell of a table."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ").replace("|", "/")[:160] if lines else "it does not say"
