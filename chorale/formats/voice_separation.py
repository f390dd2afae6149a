"""Voice separation: which notes of a file are soprano, alto, tenor and bass."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from statistics import fmean

from chorale.errors import DataError
from chorale.formats.quantization import PerformedNote
from chorale.music.voices import VOICES

# Stems of the names, which match other languages and the plural too: Sopran, Alt,
# Tenöre, Bässe.
_NAME_STEMS = ("sopra", "alt", "tenor", "b[aä]ss")


def match_voice_names(names: Sequence[str]) -> list[int] | None:
    """Find the voices among names of tracks, such as `Soprano`, `2. Alto` or `TENOR`.

    Returns:
        The indices in `names` of the soprano, alto, tenor and bass; None unless each of
        them occurs exactly once.
    """
    found = []
    for stem in _NAME_STEMS:
        pattern = re.compile(rf"\b{stem}", re.IGNORECASE)
        matches = [index for index, name in enumerate(names) if pattern.search(name)]
        if len(matches) != 1:
            return None
        found += matches
    return found if len(set(found)) == VOICES else None


def separate_voices(groups: Sequence[list[PerformedNote]]) -> list[list[PerformedNote]]:
    """Return the notes of the four voices, soprano first.

    Four groups are ordered by their mean pitch. One or two groups are separated if they
    consist of chords of as many notes as voices are expected, in which no note moves
    from one voice to another.

    Args:
        groups: the notes of each track or channel, none empty, in any order.

    Raises:
        DataError: the voices cannot be separated.
    """
    if not groups:
        raise DataError("expected four voices, got no notes (percussion aside)")
    ordered = sorted(groups, key=lambda group: -fmean(note.pitch for note in group))
    if len(ordered) == VOICES:
        return ordered
    if len(ordered) in (1, 2):
        count = VOICES // len(groups)
        separated = [_separate_chords(group, count) for group in ordered]
        if all(separated):
            return list(chain(*separated))
    raise DataError(
        f"expected four voices, each on its own track or channel, got {len(groups)}"
    )


def _separate_chords(
    group: Sequence[PerformedNote], voices: int
) -> list[list[PerformedNote]]:
    """Separate chords of `voices` notes by the rank of each note, the highest first.

    The list is empty if a chord has another number of notes, or a note has different
    ranks in the chords during which it sounds.
    """
    sounding: dict[int, list[int]] = defaultdict(list)
    for index, performed in enumerate(group):
        note = performed.quantized
        for step in range(note.start, note.end):
            sounding[step].append(index)
    ranks: dict[int, int] = {}
    for indices in sounding.values():
        indices.sort(key=lambda index: -group[index].pitch)
        if len(indices) != voices or any(
            ranks.setdefault(index, rank) != rank for rank, index in enumerate(indices)
        ):
            return []
    return [
        [note for index, note in enumerate(group) if ranks[index] == voice]
        for voice in range(voices)
    ]
