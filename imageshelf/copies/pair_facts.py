"""What pairs tell of each picture in a group, which may make another one the copy to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log
from typing import TYPE_CHECKING

from imageshelf.copies.keep_rule import camera_value, pixel_count, quality_of, written_together
from imageshelf.copies.merits import MORE_PIXELS, Seen
from imageshelf.searching.kinds import IDENTICAL, PIXELS
from imageshelf.searching.second_look import Pair, SecondLook

if TYPE_CHECKING:
    from imageshelf.copies.keep_rule import RankedCopy
    from imageshelf.copies.members import Members
    from imageshelf.copies.stars import Relation, Star
    from imageshelf.searching.looks import Look


def learn_pairs(members: Members, stars: Sequence[Star], second_look: SecondLook | None) -> bool:
    """Note what the matches tell; return whether a group would keep another copy now."""
    copies = members.copies
    for relation in _matches(stars):
        _learn(members, relation)
    larger = [
        relation.reversed()
        for relation in _matches(stars)
        if _scale(members, relation) > MORE_PIXELS
        and any(camera_value(copies[relation.to]))
        and camera_value(copies[relation.id]) == camera_value(copies[relation.to])
    ]
    for relation, enlarged in _looked_at(members, larger, second_look):
        if enlarged:
            large, small = copies[relation.id], copies[relation.to]
            quality = min(quality_of(large), quality_of(small))  # one was made of the other
            copies[relation.to] = small._replace(quality=quality)
            copies[relation.id] = large._replace(quality=quality, real_pixels=pixel_count(small))
    rank = members.options.keep.rank
    return any(rank(copies[one.id]) < rank(copies[one.to]) for one in _matches(stars))


def see_pairs(members: Members, stars: Sequence[Star], second_look: SecondLook | None) -> None:
    """Note what each match has more of, as far as only the two together tell it.

    A picture that is larger than its keeper is looked at in full if the keeper has a sign of a
    camera, and else counts as larger. Without `second_look` none is looked at.
    """
    larger = [
        relation
        for relation in _matches(stars)
        if _scale(members, relation) * MORE_PIXELS < 1
        and any(camera_value(members.copies[relation.to]))
    ]
    enlarged = {
        (one.id, one.to) for one, is_so in _looked_at(members, larger, second_look) if is_so
    }
    for one in _matches(stars):
        shows = one.look.shows or (1.0, 1.0)
        is_enlarged = (one.id, one.to) in enlarged
        seen = Seen(_scale(members, one), shows, is_enlarged).reversed()
        members.seen[one.id, one.to] = seen


def _matches(stars: Sequence[Star]) -> Iterator[Relation]:
    return (one for star in stars for one in star.members if one.look.is_match)


def _scale(members: Members, relation: Relation) -> float:
    """Return how many pixels the keeper has for each of the other picture."""
    if relation.kind in IDENTICAL:
        return 1.0
    if relation.look.compared:
        return relation.look.scale
    kept, other = members.rows[relation.to], members.rows[relation.id]
    return kept.width * kept.height / max(1, other.width * other.height)


def _looked_at(
    members: Members, relations: Sequence[Relation], second_look: SecondLook | None
) -> Iterator[tuple[Relation, bool]]:
    """Yield each relation with whether its picture, which is larger than `to`, is enlarged."""
    if second_look is None:  # nobody asked for a look
        return iter(())
    pairs = []
    for relation in relations:
        turn = relation.reversed().measures.turn
        files = members.known_file(relation.id), members.known_file(relation.to)
        pairs.append(Pair(*files, turn))
    return zip(relations, second_look.enlarged(pairs), strict=True)


def _has_border(look: Look, kept: RankedCopy, other: RankedCopy) -> bool:
    """Tell whether one of two copies is larger than what both show explains."""
    ratio = kept.width * kept.height / max(1, other.width * other.height)
    return look.compared and abs(log(max(ratio, 1e-9) / look.scale)) > log(MORE_PIXELS)


def _learn(members: Members, relation: Relation) -> None:
    """Note what a match tells of the picture and of its keeper, each by itself."""
    kept, other = members.copies[relation.to], members.copies[relation.id]
    look = relation.look
    has_border = _has_border(look, kept, other)
    if look.kind == PIXELS or has_border:  # one was made of the other, however well it was saved
        quality = min(quality_of(kept), quality_of(other))
        kept, other = kept._replace(quality=quality), other._replace(quality=quality)
    if written_together(kept.mtime_ns, other.mtime_ns):
        other = other._replace(mtime_ns=kept.mtime_ns)
    if look.shows and look.shows[0]:
        other = other._replace(scene=kept.scene * round(look.shows[1] / look.shows[0], 2))
    if has_border and other.real_pixels is None:  # the pixels of a border are none
        scale = look.scale if abs(log(look.scale)) > log(MORE_PIXELS) else 1.0
        other = other._replace(real_pixels=round(pixel_count(kept) / scale))
    kept = kept._replace(grey=kept.grey or look.grey[0])
    other = other._replace(grey=other.grey or look.grey[1])
    members.copies[relation.to], members.copies[relation.id] = kept, other
