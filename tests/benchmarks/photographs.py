"""Photographs that anybody can have: those that Debian's packages ship, no scene twice.

python tests/benchmarks/photographs.py DIR

Needs Debian or a relative of it, and no rights: the packages are downloaded (250 MB) and unpacked
beside one another, not installed. photographs.txt lists what is taken, chosen by eye: wallpapers,
stills of a music visualiser, the sample pictures of OpenCV. Two of them show paintings. A file that
a package no longer has is named and left out.
"""

from __future__ import annotations

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict

LIST = os.path.splitext(os.path.abspath(__file__))[0] + ".txt"


def listed(path: str = LIST) -> dict[str, list[str]]:
    """Return the paths to take from each package."""
    packages = defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            package, name = line.rstrip("\n").split(" ", 1)
            packages[package].append(name)
    return dict(packages)


def unpacked(package: str, folder: str) -> None:
    """Download a package and unpack it into a folder."""
    subprocess.run(["apt-get", "-q", "download", package], cwd=folder, check=True)
    (archive,) = glob.glob(os.path.join(folder, f"{package}_*.deb"))
    subprocess.run(["dpkg", "-x", archive, folder], check=True)
    os.remove(archive)


def taken(names: list[str], source: str, target: str, package: str) -> list[str]:
    """Copy the files of one package, numbered; return those that are not there."""
    missing = []
    for number, name in enumerate(names):
        path = os.path.join(source, name)
        if os.path.isfile(path):
            suffix = os.path.splitext(name)[1].lower()
            shutil.copyfile(path, os.path.join(target, f"{package}-{number:02}{suffix}"))
        else:
            missing.append(name)
    return missing


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", metavar="DIR", help="where the photographs go")
    args = parser.parse_args(argv)
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        print("photographs.py: needs apt-get and dpkg, as Debian has them", file=sys.stderr)
        return 1
    os.makedirs(args.folder, exist_ok=True)
    for package, names in listed().items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                unpacked(package, folder)
            except subprocess.CalledProcessError:
                print(f"photographs.py: {package} cannot be had", file=sys.stderr)
                continue
            for name in taken(names, folder, args.folder, package):
                print(f"photographs.py: {package} no longer has {name}", file=sys.stderr)
    print(f"{len(os.listdir(args.folder))} photographs in {args.folder}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
