"""How phrases end with the chords of a plan: as the cadences that are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from chorale.music.harmony.degrees import MODES
from chorale.music.keys import Key
from chorale.sampling.asked_plan import Ending
from chorale.sampling.chord_plan.beats import ARRIVALS, HELD, Beat
from chorale.sampling.chord_plan.chords import DIMINISHED, MAJOR, Chord


def endings_of(
    beats: Sequence[Beat], chords: Sequence[Chord], key: Key
) -> tuple[Ending, ...]:
    """Return the key of each phrase end, and its cadence where there is a plain one.

    Args:
        beats: of a melody.
        chords: of the beats.
        key: of the piece.
    """
    endings = []
    for index, beat in enumerate(beats):
        if beat.place in ARRIVALS:
            # An arrival on the first beat of its phrase follows no chord of it.
            follows = index and beats[index - 1].place not in (*ARRIVALS, HELD)
            before = chords[index - 1] if follows else None
            endings.append(_ending(beat, before, chords[index], key))
    return tuple(endings)


def _ending(beat: Beat, before: Chord | None, last: Chord, home: Key) -> Ending:
    """Return the ending of a phrase on its last chord."""
    leads = before is not None and before.leads_to(last)
    if last.is_dominant and not leads:
        return Ending(home, None if last.inversion else "HC")
    if not leads or last.triad == DIMINISHED:
        return Ending(home)
    key = home
    if last.root:
        mode = MODES[last.triad != MAJOR]
        key = Key.from_tonic_class(home.tonic_class + last.root, mode, home.fifths)
    assert before is not None
    if before.triad != MAJOR or before.inversion or last.inversion or not beat.pitch:
        return Ending(key)
    is_perfect = beat.pitch % 12 == key.tonic_class
    return Ending(key, "PAC" if is_perfect else "IAC")
