"""The summary of an index run, as text."""

import os
from collections import Counter

from imageshelf.indexing.counts import Summary
from imageshelf.system.words import count, shown

MOST_NAMED = 5  # folders of one kind that are passed over
REMEDIES = (  # the beginning of a reason for a skip: what to do about it
    ("took longer", "raise --time-limit"),
    ("needs more memory", "raise --memory-limit"),
    ("is too large", "raise --memory-limit: 10 MB for each million"),
    ("was killed", "use fewer --jobs or a lower --memory-limit"),
    ("may not be read", "give yourself the permission to read it"),
    ("changed while", "run again when nothing writes to it"),
    ("is a JPEG picture that ends", "look for an intact copy"),
)


def _with_remedy(reason: str) -> str:
    remedy = next((what for begins, what in REMEDIES if reason.startswith(begins)), "")
    return f"{shown(reason)} ({remedy})" if remedy else shown(reason)


def _passed_over(summary: Summary) -> list[str]:
    """Return a line for each kind of folder that is no collection, with the first of them."""
    by_kind: dict[str, list[str]] = {}
    for path, kind in summary.passed_over:
        by_kind.setdefault(kind, []).append(shown(path))
    lines = []
    for kind, folders in by_kind.items():
        more = f" and {len(folders) - MOST_NAMED:,} more" if len(folders) > MOST_NAMED else ""
        named = ", ".join(folders[:MOST_NAMED])
        lines.append(f"{count(len(folders), kind)} passed over: {named}{more}")
    return lines


def summary_text(summary: Summary, *, show_skipped: bool = False) -> str:
    """Return the closing words of an index run; the numbers add up."""
    parts = [
        f"{summary.new:,} new",
        f"{summary.changed:,} changed",
        f"{summary.unchanged:,} unchanged",
        f"{summary.moved:,} moved",
        f"{summary.skipped:,} skipped",
    ]
    lines = [f"{count(summary.seen, 'picture')} seen: {', '.join(parts)}"]
    if not summary.seen:
        from imageshelf.pictures.formats import READ

        lines = [
            "No picture was found. Files are told by their content, whatever their names:",
            ", ".join(READ),
        ]
    if summary.others:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in summary.others.most_common())
        lines.append(f"{count(summary.others.total(), 'other file')}: {kinds}")
    if summary.links:
        lines.append(f"{count(summary.links, 'symbolic link')} not followed")
    lines += _passed_over(summary)
    if summary.vanished:
        lines.append(f"{count(summary.vanished, 'picture')} vanished and left the shelf")
    if summary.kept:
        lines.append(f"{count(summary.kept, 'picture')} not met but kept: their folder is offline")
    lines += [f"folder not read: {shown(path)}: {why}" for path, why in summary.unlisted]
    reasons = Counter(skip.reason for skip in summary.skips)
    ranked = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    lines += [f"skipped {number:,}: {_with_remedy(reason)}" for reason, number in ranked]
    if show_skipped:
        lines += [f"  {shown(path)}: {shown(reason)}" for path, reason in summary.skips]
    elif ranked:
        lines.append("--show-skipped names the skipped files.")
    if summary.with_points or summary.without_points:
        none = f", {summary.without_points:,} could not be read" if summary.without_points else ""
        why = [shown(reason) for reason, _ in summary.points_refusals.most_common(1)]
        none = ": the file ".join([none, *why]) if none else ""
        lines.append(f"{count(summary.with_points, 'picture')} with keypoints{none}")
    if summary.points_problem:
        lines.append(
            f"the index of keypoints could not be written ({shown(summary.points_problem)}): "
            "searches read the shelf instead, which takes longer"
        )
    lines.append(
        f"{count(summary.pictures, 'picture')} on the shelf {shown(os.fspath(summary.shelf))}"
    )
    return "\n".join(lines)
