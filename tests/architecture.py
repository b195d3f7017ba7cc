"""Draw the rooms of the package, each on the floor that its imports put it on; list the modules.

    python -m tests.architecture      writes docs/architecture.svg and docs/modules.md

Nothing is imported: the imports are read from the source, late ones and those for type checking
included. A room stands one floor above the highest room that it uses.
"""

from __future__ import annotations

import ast
import html
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "architecture.svg"
LIST = ROOT / "docs" / "modules.md"
PACKAGE = "imageshelf"
WIDTH, FLOOR, GAP, MARGIN = 880, 78, 26, 20  # pixels
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1b1f24 }
.name { font-weight: 600; font-size: 16px }
.uses { fill: #59636e }
rect { fill: #f6f8fa; stroke: #8c959f; rx: 6px }
.path { stroke: #8c959f; stroke-width: 1.5; marker-end: url(#tip) }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .uses { fill: #9198a1 } rect { fill: #151b23 }
}
"""


def rooms() -> list[str]:
    """Return the folders of the package that hold modules."""
    return sorted(file.parent.name for file in (ROOT / PACKAGE).glob("*/__init__.py"))


@cache
def uses(room: str) -> frozenset[str]:
    """Return the other rooms that the modules of a room import, wherever an import stands."""
    names = set()
    for file in (ROOT / PACKAGE / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    parts = [name.split(".") for name in names]
    ours = {part[1] for part in parts if part[0] == PACKAGE and len(part) > 1}
    return frozenset(ours & set(rooms()) - {room})


@cache
def floor(room: str) -> int:
    """Return the floor of a room, 0 for one that uses no other; RecursionError for a circle."""
    return 1 + max(map(floor, uses(room)), default=-1)


def purpose(room: str) -> str:
    """Return the first sentence of a room's docstring."""
    tree = ast.parse((ROOT / PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")


def modules() -> str:
    """Return the page that names every module with the first line of its docstring."""
    lines = ["# Every module in a line", ""]
    lines += [
        "From the docstrings, by `python -m tests.architecture`; [architecture](architecture.md)"
    ]
    lines += ["shows how the rooms stand on each other.", ""]
    for room in sorted(rooms(), key=lambda room: (-floor(room), room)):
        lines += [f"## {room}", "", purpose(room), "", "| | |", "|---|---|"]
        for file in sorted((ROOT / PACKAGE / room).rglob("*.py")):
            if file.name != "__init__.py":
                name = file.relative_to(ROOT / PACKAGE / room).as_posix()
                lines.append(f"| `{name}` | {_first_line(file)} |")
        for script in sorted((ROOT / PACKAGE / room).rglob("*.js")):
            name = script.relative_to(ROOT / PACKAGE / room).as_posix()
            first = script.read_text(encoding="utf-8").partition("\n")[0]
            lines.append(f"| `{name}` | {first.removeprefix('// ')} |")
        lines.append("")
    return "\n".join(lines)


def _first_line(file: Path) -> str:
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("|", "\\|")


def svg() -> str:
    """Return the picture: the highest floor first, each room with what it is for and uses."""
    floors: dict[int, list[str]] = {}
    for room in rooms():
        floors.setdefault(floor(room), []).append(room)
    height = MARGIN + len(floors) * (FLOOR + GAP)
    parts = []
    for line, number in enumerate(sorted(floors, reverse=True)):
        top = MARGIN + line * (FLOOR + GAP)
        wide = (WIDTH - MARGIN) // len(floors[number])
        for place, room in enumerate(floors[number]):
            parts += _box(room, MARGIN + place * wide, top, wide - MARGIN)
        if number:
            middle, foot = WIDTH // 2, top + FLOOR
            parts.append(
                f'<line class="path" x1="{middle}" y1="{foot + 2}" x2="{middle}" '
                f'y2="{foot + GAP - 6}"/>'
            )
    tip = (
        '<marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#8c959f"/></marker>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="The rooms of imageshelf, floor above floor">\n<style>{STYLE}</style>\n'
        f"<defs>{tip}</defs>\n" + "\n".join(parts) + "\n</svg>\n"
    )


def _box(room: str, left: int, top: int, width: int) -> list[str]:
    used = sorted(uses(room), key=lambda other: (-floor(other), other))
    lines = [
        (24, "name", f"{room}/"),
        (44, "", _fitting(purpose(room), width)),
        (64, "uses", f"uses {', '.join(used)}" if used else "uses no other room"),
    ]
    return [
        f'<rect x="{left}" y="{top}" width="{width}" height="{FLOOR}"/>',
        *(
            f'<text class="{style}" x="{left + 14}" y="{top + down}">{html.escape(text)}</text>'
            for down, style, text in lines
        ),
    ]


def _fitting(text: str, width: int) -> str:
    """Return as many words as fit into a box; a letter takes about 6.6 pixels."""
    room = int((width - 28) / 6.6)
    return text if len(text) <= room else text[:room].rsplit(" ", 1)[0] + " ..."


if __name__ == "__main__":
    for path, content in ((PICTURE, svg()), (LIST, modules())):
        path.write_text(content, encoding="utf-8")
        print(path)
