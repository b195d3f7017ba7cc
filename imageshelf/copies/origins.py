"""What the files of possible copies say of where they come from, read once and kept."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from imageshelf.pictures.look_tasks import OriginTask
from imageshelf.pictures.origin import Origin, origin
from imageshelf.shelf import verdicts
from imageshelf.system.paths import Url
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    from imageshelf.copies.byte_digests import DecodeOptions
    from imageshelf.copies.members import Members

RULE = 2  # one more whenever a file may be read otherwise
WORK = "imageshelf.pictures.origin:origin"


def learn_origins(members: Members, decoding: DecodeOptions) -> None:
    """Add the origins of all pictures that are there to `members`; equal bytes are read once."""
    wanted: dict[bytes | int, list[int]] = {}
    for id_, copy in members.copies.items():
        if copy.exists and not isinstance(copy.path, Url):
            wanted.setdefault(members.digest(id_) or id_, []).append(id_)
    kept = verdicts.kept_origins(members.shelf, [ids[0] for ids in wanted.values()])
    found = {id_: origin for id_, text in kept.items() if (origin := _unpacked(text))}
    missing = [ids[0] for ids in wanted.values() if ids[0] not in found]
    for id_, answer in _read(members, missing, decoding):
        found[id_] = answer
        members.learned_origins[id_] = _packed(answer)
    for ids in wanted.values():
        for id_ in ids:
            if ids[0] in found:
                members.copies[id_] = members.copies[id_]._replace(origin=found[ids[0]])


def _read(
    members: Members, ids: Sequence[int], decoding: DecodeOptions
) -> Iterator[tuple[int, Origin]]:
    tasks = {OriginTask(members.copies[id_].path, members.rows[id_].thumbnail): id_ for id_ in ids}
    with LimitedMap(WORK, jobs=decoding.jobs) as mapped:
        for task, answer in mapped(list(tasks), here=origin):
            if isinstance(answer, Origin):
                yield tasks[task], answer


def _packed(origin: Origin) -> str:
    return json.dumps([RULE, *origin], separators=(",", ":"))


def _unpacked(text: object) -> Origin | None:
    try:
        rule, signs, doubts, written = json.loads(str(text))
        pairs = tuple((str(field), str(value)) for field, value in written)
    except (ValueError, TypeError, RecursionError):
        return None
    return Origin(tuple(map(str, signs)), tuple(map(str, doubts)), pairs) if rule == RULE else None
