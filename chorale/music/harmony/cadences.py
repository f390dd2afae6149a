"""Cadences: how phrases end.

The kinds and their definitions are those of textbooks (Aldwell & Schachter, Harmony and
Voice Leading; Caplin, Classical Form), decided by the last two chords of a phrase in
the local key of the last.
"""

from __future__ import annotations

from collections.abc import Sequence

from chorale.music.harmony import templates
from chorale.music.harmony.analysis import Analysis, Harmony
from chorale.music.harmony.degrees import (
    APPLIED,
    DEGREES,
    DOMINANT,
    FUNCTION_OF,
    OTHER,
    PREDOMINANT,
    TONIC,
    key_number,
)
from chorale.music.harmony.roman_numerals import Chord
from chorale.music.harmony.templates import QUALITIES
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE

KINDS = (
    # Perfect authentic: V–I in root position, with its third, the soprano on the tonic.
    "PAC",
    "IAC",  # imperfect authentic: from V or vii° to I otherwise
    "HC",  # half: on the dominant triad
    "DC",  # deceptive: from V to vi, or to IV6
    "plagal",  # from IV or ii to I, in root position
    "none",
)
_TRIADS = (templates.quality("major"), templates.quality("minor"))
_DOMINANTS = (templates.quality("major"), templates.quality("dominant seventh"))
_TONICS = ("major", "minor")
_LEADING_ROOTS = (7, 11)  # semitones of V and vii° above their tonic
_CHORD_VOICES = 3  # fewer, as in two-part writing, need no third
_DEGREE_NAMES = {
    "major": "1 b2 2 b3 3 4 #4 5 b6 6 b7 7".split(),
    "minor": "1 b2 2 3 #3 4 #4 5 6 #6 7 #7".split(),
}


def cadence_kind(
    last: Chord,
    before: Chord | None,
    key: int,
    soprano: int,
    *,
    lacks_third: bool = False,
) -> str:
    """Return the kind of a cadence, one of KINDS.

    Args:
        last: the chord on which the phrase ends.
        before: the last chord of another root before it in the phrase.
        key: number of the local key of the last, see `degrees`.
        soprano: pitch class of the soprano in the last chord; -1 = silence.
        lacks_third: whether the last chord has no third, which makes an authentic
            cadence imperfect.
    """
    degree = int(DEGREES[last.number, key])
    if last.number // 12 not in _TRIADS:
        return "none"
    if degree == 7 and last.number // 12 == _TRIADS[0] and last.inversion < 2:
        return "HC"
    if before is None:
        return "none"
    from_degree = int(DEGREES[before.number, key])
    from_dominant = FUNCTION_OF[before.number, key] == DOMINANT
    if FUNCTION_OF[last.number, key] == TONIC and last.inversion < 2:
        if from_dominant:
            perfect = (
                from_degree == 7
                and before.inversion == last.inversion == 0
                and soprano == key % 12
                and not lacks_third
            )
            return "PAC" if perfect else "IAC"
        if from_degree in (5, 2) and last.inversion == 0:
            return "plagal"
    if from_dominant and from_degree == 7:
        sixth = 9 if key < 12 else 8
        if degree == sixth and last.inversion == 0:
            return "DC"
        if degree == 5 and last.inversion == 1:
            return "DC"
    return "none"


def cadence(
    last: Chord,
    before: Chord | None,
    key: int,
    soprano: int,
    *,
    lacks_third: bool = False,
) -> tuple[str, int]:
    """Return the kind of a cadence and the number of its key.

    It is the local key, or, if there is no cadence in that, the key of a degree that
    the last two chords make a tonic for the moment: V/IV–IV is an authentic cadence on
    IV. The arguments are those of `cadence_kind`.
    """
    kind = cadence_kind(last, before, key, soprano, lacks_third=lacks_third)
    if kind != "none" or before is None or FUNCTION_OF[before.number, key] == DOMINANT:
        return kind, key
    minor = 12 * (last.number // 12 == _TRIADS[1])
    own = minor + last.number % 12
    # I6–IV is no cadence; VII6–III in minor is one in the relative major.
    is_applied = FUNCTION_OF[before.number, key] in (APPLIED, OTHER)
    strong = is_applied or before.inversion == last.inversion == 0
    if strong and before.number // 12 in _DOMINANTS:
        # The relative keys in which it is V: of the last chord, or with that as VI.
        fifth_below = (before.number + 5) % 12
        for tonic in (own, 12 + fifth_below, fifth_below):
            kind = cadence_kind(last, before, tonic, soprano, lacks_third=lacks_third)
            if kind in ("PAC", "IAC", "DC"):
                return kind, tonic
    return "none", key


def degree_name(pitch: int, key: int) -> str:
    """Return the scale degree of a pitch class: `1`, `#4`; in minor 3, 6, 7 are low."""
    mode, tonic = divmod(key, 12)
    return _DEGREE_NAMES["minor" if mode else "major"][(pitch - tonic) % 12]


def has_third(chorale: Chorale, harmony: Harmony) -> bool:
    """Return whether the third of a chord sounds at any time in it."""
    number = templates.chord(harmony.root, harmony.quality)
    pitches = chorale.pitches[harmony.start : harmony.end]
    is_third = (pitches % 12 == templates.TONES[1, number]) & (pitches != SILENCE)
    return bool(is_third.any())


def lacks_third(chorale: Chorale, harmony: Harmony) -> bool:
    """Return whether a chord of three voices or more has no third."""
    sounding = chorale.pitches[harmony.start : harmony.end] != SILENCE
    voices = int(sounding.sum(axis=1).max())
    return voices >= _CHORD_VOICES and not has_third(chorale, harmony)


def approach(harmonies: Sequence[Harmony]) -> int | None:
    """Return the index of the chord that leads to the last one; None if none does.

    It is the last of another root. Where the last comes from its own six-four, only a
    dominant or leading-tone chord does: IV–I64–I wants for its dominant.
    """
    last = len(harmonies) - 1
    roots = [harmony.root for harmony in harmonies]
    before = next((i for i in range(last, -1, -1) if roots[i] != roots[last]), None)
    if before is None or before == last - 1:
        return before
    is_led = (roots[before] - roots[last]) % 12 in _LEADING_ROOTS
    is_from_six_four = harmonies[-2].inversion == 2 and harmonies[-1].inversion == 0
    return None if is_from_six_four and not is_led else before


def ends_complete(chorale: Chorale, analysis: Analysis) -> bool:
    """Return whether a piece ends with a complete cadence in its home key.

    The last chord is the tonic triad in root position, with its third, in a major key
    the major one; a dominant (V, vii°) or a subdominant (IV, ii) leads to it, see
    `approach`, not only a bass that falls by fifth or fourth.
    """
    if not analysis.harmonies:
        return False
    key = key_number(analysis.key)
    last = analysis.harmonies[-1]
    final = templates.chord(last.root, last.quality)
    is_tonic = FUNCTION_OF[final, key] == TONIC and QUALITIES[final // 12] in _TONICS
    if not is_tonic or last.inversion or not has_third(chorale, last):
        return False
    place = approach(analysis.harmonies)
    if place is None:
        return False
    root = analysis.harmonies[place].root
    while place >= 0 and analysis.harmonies[place].root == root:
        number = templates.chord(root, analysis.harmonies[place].quality)
        if FUNCTION_OF[number, key] in (DOMINANT, PREDOMINANT):
            return True
        place -= 1
    return False
