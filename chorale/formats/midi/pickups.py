"""Pickups that a MIDI file does not mark: the doubt is said, the bars stay as they are.

Bars are counted from tick 0. A piece that begins with a pickup there has its barlines
in the wrong places, and its long notes off the strong beats.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from chorale.music.metre import STEPS_PER_QUARTER, STEPS_PER_WHOLE, Metre
from chorale.music.score import Chorale
from chorale.music.voices import VOICES

# So that little is suspected wrongly: of Bach's chorales, written from tick 0, 189 of
# the 264 with a pickup and none of the 119 without one, of melodies of folk songs
# without a pickup 6 of 431.
_LONG = 2 * STEPS_PER_QUARTER  # steps
_LEAST_NOTES = 3  # that are long
_LEAST_SHARE = 0.75  # of them, that begin as far from a strong beat


def suspected_pickup(chorale: Chorale) -> int:
    """Return the steps of a pickup that is not marked; 0 if there seems to be none.

    It is suspected if most long notes, and the last ones of all, begin equally far from
    the strong beats. Compound metres and pieces of several metres are not judged.
    """
    metre = chorale.metre
    if (
        len(chorale.metres) > 1
        or chorale.positions[0]
        or not chorale.onsets[0].any()  # rests fill the bar of a pickup
        or metre.denominator not in (2, 4)
        or metre.numerator not in (2, 3, 4)
    ):
        return 0
    strong = _between_strong_beats(metre)
    notes = [note for voice in range(VOICES) for note in chorale.notes(voice)]
    distances = Counter(note.start % strong for note in notes if note.length >= _LONG)
    if distances.total() < _LEAST_NOTES:
        return 0
    ((distance, count),) = distances.most_common(1)
    last = max(note.start for note in notes)
    is_plain = count >= _LEAST_SHARE * distances.total() and last % strong == distance
    return distance if is_plain else 0


def _between_strong_beats(metre: Metre) -> int:
    """Return the steps from a strong beat to the next: a bar, or half of a long one."""
    has_two = metre.numerator == 4 or metre.name == "2/2"
    return metre.bar_length // 2 if has_two else metre.bar_length


def on_pickup(chorale: Chorale) -> list[str]:
    """Return a sentence on a pickup that is suspected; none without."""
    steps = suspected_pickup(chorale)
    if not steps:
        return []
    length = Fraction(steps, STEPS_PER_WHOLE)
    return [
        f"long notes begin off the strong beats, as after a pickup of {length}: if "
        "there is one, write rests before it that fill its bar, or begin with a time "
        f"signature of {length}"
    ]
