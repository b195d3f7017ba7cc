"""The summary of a merge, as text. Nothing here prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imageshelf.shelf import names
from imageshelf.system.words import count, instant, shown, size

if TYPE_CHECKING:
    from imageshelf.shelf.merge_rows import Clash, Version
    from imageshelf.shelf.merging import MergeSummary


def merged_text(summary: MergeSummary) -> str:
    """Return the closing words of a merge; the numbers add up."""
    newer = sum(clash.taken for clash in summary.clashes)
    parts = [
        f"{summary.new:,} new",
        f"{summary.same:,} known",
        f"{newer:,} newer there",
        f"{len(summary.clashes) - newer:,} kept as here",
    ]
    lines = [f"{count(summary.pictures, 'picture')} on {shown(summary.other)}: {', '.join(parts)}"]
    lines += [_clash(clash) for clash in summary.clashes]
    if summary.skips:
        lines.append(f"{count(summary.skips, 'skipped file')} remembered from there")
    if summary.not_duplicates:
        lines.append(f"{count(summary.not_duplicates, 'pair')} remembered as no duplicates")
    if summary.by_hand:
        lines.append(f"{count(summary.by_hand, 'name')} written there by hand")
    if summary.moved_from:
        lines.append(
            f"note: it was filled in {shown(summary.moved_from)}; its relative names were taken "
            "as below the folder in which it lies now"
        )
    lines.append(f"{count(summary.in_all, 'picture')} on the shelf {shown(summary.shelf)}")
    return "\n".join(lines)


def _clash(clash: Clash) -> str:
    what = "theirs is newer and taken" if clash.taken else "ours is kept"
    return (
        f"clash: {shown(names.to_text(clash.name))}: ours {_version(clash.ours)}, "
        f"theirs {_version(clash.theirs)}: {what}"
    )


def _version(version: Version) -> str:
    content = version.content
    day = instant(version.mtime_ns // 1_000_000)
    pixels = f"{content.width}x{content.height}, " if content.hashes else "unreadable, "
    return f"({pixels}{size(content.size_bytes)}, {day:%Y-%m-%d %H:%M:%S})"
