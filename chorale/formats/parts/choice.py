"""Which parts of a file are soprano, alto, tenor and bass: for scores and MIDI alike.

By their names; where names are missing by the number of parts, their clefs, ranges and
mean pitches. What is not clear is refused with a list of the parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chorale.errors import DataError
from chorale.formats.parts.info import PartInfo, list_parts, list_voices, not_clear
from chorale.formats.parts.names import Kind, Role, role_of
from chorale.music.voices import ALL_VOICES, VOICE_NAMES, VOICES

# Notes that a choir sings: F1 to D6, wider than the textbook ranges.
_LOWEST_SUNG, _HIGHEST_SUNG = 29, 86
# Clefs by the place of their staff in a choir, sign and line.
_UPPER_CLEFS = frozenset({"G2", "C1", "C2", "C3", "G1"})
_LOWER_CLEFS = frozenset({"G2-8", "C4", "C3", "C5", "F4", "F3"})
_VOICE_PROGRAMS = range(52, 55)  # General MIDI: choir, voice, synth voice


class Choice(NamedTuple):
    """The chosen parts.

    Attributes:
        parts: indices: four parts, soprano first; two of two voices each, the upper
            first; or one, with chords of four notes or with a melody.
        remarks: sentences on what was guessed or left out.
    """

    parts: tuple[int, ...]
    remarks: tuple[str, ...] = ()


def choose_parts(
    parts: Sequence[PartInfo], wanted: tuple[int, ...] | None = None
) -> Choice:
    """Choose the parts of four voices.

    Parts named after the voices come first, then two staves for women and men, then
    what is left without instruments: four parts, two, or one.

    Args:
        parts: in the order of the file.
        wanted: numbers of parts from the user, counted from 1: four, soprano first; two
            of two voices each, the upper first; or one of four voices.

    Raises:
        DataError: there are no such parts, or it is not clear which parts they are; the
            message lists them.
    """
    if wanted:
        return _wanted(parts, wanted)
    with_notes = [index for index, part in enumerate(parts) if part.has_notes]
    if not with_notes:
        raise DataError("expected four voices, got no notes")
    roles = [_role(part) for part in parts]
    choice = (
        _by_name(parts, roles)
        or _two_by_name(parts, roles)
        or _without_names(parts, roles, with_notes)
    )
    if choice is None:
        raise not_clear(parts, with_notes)
    left = [index for index in with_notes if index not in choice.parts]
    if not left:
        return choice
    remark = f"left out: part {list_parts(parts, left)}"
    return choice._replace(remarks=(*choice.remarks, remark))


def choose_line(
    parts: Sequence[PartInfo], voice: int, wanted: tuple[int, ...] | None = None
) -> Choice:
    """Choose the part of a single line, or the parts of four voices.

    Args:
        parts: in the order of the file.
        voice: the voice that the line is, or that is taken out of four.
        wanted: as in `choose_parts`; one number is the part of the line.

    Returns:
        One part: the line, unless it has chords of four notes. Two or four: the parts
        of four voices.

    Raises:
        DataError: as `choose_parts`.
    """
    if wanted:
        return _wanted(parts, wanted)
    with_notes = [index for index, part in enumerate(parts) if part.has_notes]
    if not with_notes:
        raise DataError("expected a melody, got no notes")
    if len(with_notes) == 1:
        return Choice(tuple(with_notes))
    roles = [_role(part) for part in parts]
    melody = _melody_above(parts, roles, with_notes)
    if not melody and _may_be_four_voices(parts, with_notes):
        try:
            return choose_parts(parts)
        except DataError:
            pass
    candidates = [
        melody,
        [index for index in with_notes if roles[index].kind != Kind.INSTRUMENT],
        [index for index in with_notes if roles[index][:2] == (Kind.VOICE, voice)],
    ]
    for found in candidates:
        if len(found) == 1:
            left = [index for index in with_notes if index not in found]
            return Choice(
                tuple(found),
                (
                    f"the melody is part {list_parts(parts, found)}; "
                    f"left out: part {list_parts(parts, left)}",
                ),
            )
    name = VOICE_NAMES[voice]
    raise DataError(
        f"expected one line, or four voices of which to take the {name}, it is not "
        f"clear which of the parts: {list_parts(parts, with_notes)}; "
        f"choose one, as with --parts {with_notes[0] + 1}"
    )


def _melody_above(
    parts: Sequence[PartInfo], roles: Sequence[Role], indices: Sequence[int]
) -> list[int]:
    """Return the highest of parts without voices if it alone has no chords, or none."""
    melodies = [index for index in indices if parts[index].most_at_once == 1]
    highest = max(indices, key=lambda index: parts[index].mean)
    is_named = any(roles[index].kind == Kind.VOICE for index in indices)
    return melodies if melodies == [highest] and not is_named else []


def _may_be_four_voices(parts: Sequence[PartInfo], indices: Sequence[int]) -> bool:
    """Return whether the parts have notes for four voices."""
    return sum(parts[index].most_at_once for index in indices) >= VOICES


def _wanted(parts: Sequence[PartInfo], wanted: tuple[int, ...]) -> Choice:
    """Return the parts that the user names."""
    everything = range(len(parts))
    if (
        len(wanted) not in (1, 2, VOICES)
        or len(set(wanted)) < len(wanted)
        or not all(number - 1 in everything for number in wanted)
    ):
        numbers = ",".join(map(str, wanted))
        raise DataError(
            f"expected one, two or four different numbers of parts, got {numbers}; "
            f"the parts are {list_parts(parts, everything) or 'none'}"
        )
    chosen = tuple(number - 1 for number in wanted)
    if not any(parts[index].has_notes for index in chosen):
        raise DataError(f"expected notes, got none in part {list_parts(parts, chosen)}")
    return Choice(chosen)


def _role(part: PartInfo) -> Role:
    role = role_of(part.name)
    return role_of(part.abbreviation) if role.kind == Kind.UNKNOWN else role


# === By name ===


def _by_name(parts: Sequence[PartInfo], roles: Sequence[Role]) -> Choice | None:
    """Return the parts that are named after the four voices, if they are clear."""
    chosen: list[int] = []
    doubtful = []
    for voice in range(VOICES):
        candidates = [index for index, role in enumerate(roles) if role.voice == voice]
        sounding = [index for index in candidates if parts[index].has_notes]
        candidates = sounding or candidates
        if not candidates:
            return _by_elimination(parts, roles)
        least = min(roles[index].doubt for index in candidates)
        best = [index for index in candidates if roles[index].doubt == least]
        if len(best) > 1:
            return None
        chosen += best
        doubtful += best if least == 2 else []
    if not any(parts[index].has_notes for index in chosen):
        return None
    if not doubtful:
        return Choice(tuple(chosen))
    others = [
        index
        for index, part in enumerate(parts)
        if part.has_notes and index not in chosen
    ]
    if any(parts[index].most_at_once > 1 for index in doubtful) or any(
        roles[index].kind != Kind.INSTRUMENT for index in others
    ):
        return None
    return Choice(tuple(chosen), (f"voices are: {list_voices(parts, chosen)}",))


def _by_elimination(parts: Sequence[PartInfo], roles: Sequence[Role]) -> Choice | None:
    """Return the parts if one voice is not named and one part has no clear name."""
    named = [
        [
            index
            for index, role in enumerate(roles)
            if role[:2] == (Kind.VOICE, voice) and parts[index].has_notes
        ]
        for voice in range(VOICES)
    ]
    others = [
        index
        for index, (part, role) in enumerate(zip(parts, roles, strict=True))
        if part.has_notes and part.most_at_once == 1 and role.kind == Kind.UNKNOWN
    ]
    if sorted(map(len, named)) != [0, 1, 1, 1] or len(others) != 1:
        return None
    chosen = tuple(indices[0] if indices else others[0] for indices in named)
    return Choice(chosen, (f"voices are: {list_voices(parts, chosen)}",))


def _two_by_name(parts: Sequence[PartInfo], roles: Sequence[Role]) -> Choice | None:
    """Return the staves that are named after women and men."""
    named = (
        [index for index, role in enumerate(roles) if role.kind == kind]
        for kind in (Kind.UPPER, Kind.LOWER)
    )
    upper, lower = (
        [index for index in indices if parts[index].has_notes] or indices
        for indices in named
    )
    if len(upper) != 1 or len(lower) != 1:
        return None
    both = (*upper, *lower)
    counts = [max(parts[index].most_at_once, parts[index].voices) for index in both]
    return Choice(both) if max(counts) > 1 else None


# === Without names ===


def _without_names(
    parts: Sequence[PartInfo], roles: Sequence[Role], with_notes: Sequence[int]
) -> Choice | None:
    """Return four parts, two or one by number, range, clef and mean pitch."""
    for candidates in _candidates(parts, roles, with_notes):
        is_alone = len(candidates) == len(with_notes)
        most_at_once = max(
            (parts[index].most_at_once for index in candidates), default=0
        )
        if len(candidates) == VOICES:
            return _ordered(parts, roles, candidates)
        if len(candidates) == 2 and (
            most_at_once == 2 or (is_alone and most_at_once > 2)
        ):
            return _ordered(parts, roles, candidates)
        if len(candidates) == 1 and most_at_once > 2:
            return Choice(tuple(candidates))
    return None


def _candidates(
    parts: Sequence[PartInfo], roles: Sequence[Role], with_notes: Sequence[int]
) -> Iterator[list[int]]:
    """Yield parts that may hold the voices, the likeliest first."""
    kinds = {roles[index].kind for index in with_notes}
    singers = list(with_notes)
    if not kinds & {Kind.UPPER, Kind.LOWER}:
        singers = [
            index for index in with_notes if roles[index].kind != Kind.INSTRUMENT
        ]
    elif len(singers) > 2:  # neither four voices nor women and men of two each
        return
    yield singers
    yield _choir(parts, singers)
    has_chords = any(parts[index].most_at_once > 1 for index in with_notes)
    if len(with_notes) != VOICES or not (has_chords or Kind.VOICE in kinds):
        yield list(with_notes)  # else of four parts one is a piano


def _choir(parts: Sequence[PartInfo], indices: Sequence[int]) -> list[int]:
    """Return the parts that a choir may sing, of more than four without clear names."""
    found = [
        index
        for index in indices
        if parts[index].most_at_once == 1
        and parts[index].lowest >= _LOWEST_SUNG
        and parts[index].highest <= _HIGHEST_SUNG
    ]
    with_program = [index for index in found if parts[index].program in _VOICE_PROGRAMS]
    return with_program if len(with_program) == VOICES else found


def _ordered(
    parts: Sequence[PartInfo], roles: Sequence[Role], indices: Sequence[int]
) -> Choice:
    """Return parts without clear names by their height, said if it is not their order.

    Parts that are named after instruments or otherwise are said too.
    """
    ordered = sorted(indices, key=lambda index: -parts[index].mean)
    fits = _clefs_fit(parts, indices)
    if ordered != list(indices) and fits and len(indices) == VOICES:
        # Clefs in order and ranges that fit: voices that cross, not parts mixed up.
        ordered = list(indices)
    is_sorted = ordered == list(indices)
    kinds = {roles[index].kind for index in indices}
    if is_sorted and (len(indices) < VOICES or kinds == {Kind.UNKNOWN}):
        return Choice(tuple(ordered))
    reason = "" if is_sorted else " by their height"
    what = (
        list_voices(parts, ordered)
        if len(indices) == VOICES
        else list_parts(parts, ordered)
    )
    subject = "voices are" if len(indices) == VOICES else "the staves from the top are"
    return Choice(tuple(ordered), (f"{subject}{reason}: {what}",))


def _clefs_fit(parts: Sequence[PartInfo], indices: Sequence[int]) -> bool:
    """Return whether parts in their order have the clefs and ranges of a choir."""
    if len(indices) != VOICES or len({parts[index].clef for index in indices}) < 2:
        return False
    for voice, index in zip(ALL_VOICES, indices, strict=True):
        part = parts[index]
        clefs = _UPPER_CLEFS if voice.staff == 1 else _LOWER_CLEFS
        if part.clef not in clefs or not voice.lowest <= part.mean <= voice.highest:
            return False
    return True
