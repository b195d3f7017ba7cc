"""A clean-up plan as text, JSON, CSV and bare paths. Nothing here prints."""

import json
from collections import Counter
from typing import Any

from imageshelf.cleanup import planning
from imageshelf.cleanup.planning import Left, Plan, Planned, Step
from imageshelf.report import csv_table
from imageshelf.system import terminal
from imageshelf.system.terminal import Painter
from imageshelf.system.words import count, nearby, shown, size

FIELDS = (
    "group", "action", "path", "kind", "turn", "keeper", "reason", "warning", "size_bytes",
    "companions", "taken_over", "sidecar",
)  # fmt: skip
WOULD = {  # what happens to a picture, after its number
    planning.SET_ASIDE: "to set aside",
    planning.TRASH: "to put into the trash",
    planning.HARD_LINK: "to replace by hard links",
    planning.DELETE: "to delete for good",
}


def plan_text(
    plan: Plan, *, show_left: bool = False, into: str = "", paint: Painter = terminal.plain
) -> str:
    """Return the plan as text: each group with its keeper, then the totals.

    Pictures left alone are counted by reason, or named with `show_left`.
    """
    blocks = [_group_text(group, plan.action, paint) for group in plan.groups if group.steps]
    blocks = [*filter(None, [plan.preferences]), *blocks]
    left = [picture for group in plan.groups for picture in group.left]
    if left:
        blocks.append(_left_text(left, show_left=show_left))
    steps = plan.steps
    if not steps:
        blocks.append("Nothing to clean up.")
        return "\n\n".join(blocks) + "\n"
    groups = sum(bool(group.steps) for group in plan.groups)
    place = f" into {shown(nearby(into))}" if into else ""
    sums = (
        f"{count(len(steps), 'picture')} {WOULD[plan.action]}{place}, of {count(groups, 'group')}: "
        f"{size(plan.freed_bytes)}"
    )
    if plan.action == planning.DELETE:
        sums += ". This cannot be undone"
    return "\n\n".join([*blocks, sums]) + "\n"


def _group_text(group: Planned, action: str, paint: Painter) -> str:
    keeper = group.keeper
    facts = f"{keeper.width}x{keeper.height}, {size(keeper.stamp.size_bytes)}"
    lines = [f"{paint('keep', 'green')} {shown(nearby(keeper.path))}  ({facts})"]
    said = ""
    for step in group.steps:
        facts = f"{step.turn or step.kind}, {size(step.file.stamp.size_bytes)}"
        path = shown(nearby(step.file.path))
        going = f"{paint(action, 'yellow')} {path}  ({facts})"
        why = "" if step.reason == said else f"; the first is kept: {shown(step.reason)}"
        lines.append(f"  {going}{why}")
        said = step.reason
        lines += [f"    with it {shown(nearby(c.path))}  ({c.kind})" for c in step.companions]
        if step.take_over:
            into = shown(nearby(step.take_over.sidecar))
            lines.append(f"    its {step.take_over.added.in_words()} into {into}")
        if step.warning:
            lines.append(f"    {paint('warning', 'yellow')}: {shown(step.warning)}")
    return "\n".join(lines)


def _left_text(left: list[Left], *, show_left: bool) -> str:
    if show_left:
        lines = [f"  {shown(nearby(picture.path))} {shown(picture.reason)}" for picture in left]
    else:
        ranked = Counter(picture.reason for picture in left).most_common()
        lines = [f"  {number:,}: {shown(reason)}" for reason, number in ranked]
    return "\n".join([f"Left alone: {count(len(left), 'picture')}", *lines])


def records(plan: Plan) -> list[dict[str, Any]]:
    """Return the pictures that go, each as the documented JSON object."""
    return [
        record(number, plan.action, step)
        for number, group in enumerate((g for g in plan.groups if g.steps), 1)
        for step in group.steps
    ]


def record(group: int, action: str, step: Step) -> dict[str, Any]:
    """Return one picture that goes as a JSON object."""
    return {
        "group": group,
        "action": action,
        "path": step.file.path,
        "kind": step.kind,
        "turn": step.turn,
        "keeper": step.keeper.path,
        "reason": step.reason,
        "warning": step.warning,
        "size_bytes": step.file.stamp.size_bytes,
        "companions": [companion.path for companion in step.companions],
        "taken_over": step.take_over.added.in_words() if step.take_over else "",
        "sidecar": step.take_over.sidecar if step.take_over else "",
    }


def plan_json(plan: Plan) -> str:
    """Return the plan as one JSON document."""
    document = {
        "action": plan.action,
        "preferences": plan.preferences,
        "freed_bytes": plan.freed_bytes,
        "actions": records(plan),
        "left": [picture._asdict() for group in plan.groups for picture in group.left],
    }
    return json.dumps(document, indent=2) + "\n"


def plan_csv(plan: Plan) -> bytes:
    """Return the pictures that go as a CSV table, one a line."""
    return csv_table.table(FIELDS, records(plan))


def plan_null(plan: Plan) -> bytes:
    """Return the bare paths of everything that goes, companions included, for `xargs -0`."""
    return csv_table.null_paths(
        path
        for step in plan.steps
        for path in (step.file.path, *(companion.path for companion in step.companions))
    )
