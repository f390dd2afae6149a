"""Rules seen from a note that is about to be written.

The judge looks at pieces that are done. Here one voice is about to choose its note, and
what is known are the chord a step before, what other voices have chosen at this step,
and whether a phrase begins. So a fault between two voices is laid to the one that
chooses later. By the time all have chosen, the faults are those that the judge finds.

Sevenths and leading tones are seen as far as the chord before and the key tell: that it
was a dominant shows for certain once the next one is complete. Ranges are left to the
sampler, which has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.music.keys import Key
from chorale.music.voices import ALTO, SILENCE, TENOR, VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import (
    FIFTH,
    OCTAVE,
    UNISON,
    Dyads,
    begins_crossing,
    begins_spacing,
    is_contrary,
    is_direct,
    is_overlap,
    is_parallel,
)
from chorale.voice_leading.leaps import is_large_leap
from chorale.voice_leading.piece import NEIGHBOURS
from chorale.voice_leading.rules import RULES, surprise

# What two voices may not do; which two is told by the rule.
_OF_DYADS: Mapping[str, Callable[[Dyads], BoolArray]] = {
    "parallel-fifths": partial(is_parallel, perfect=FIFTH),
    "parallel-octaves": partial(is_parallel, perfect=OCTAVE),
    "parallel-unisons": partial(is_parallel, perfect=UNISON),
    "contrary-fifths": partial(is_contrary, perfect=FIFTH),
    "contrary-octaves": partial(is_contrary, perfect=OCTAVE),
    "direct-fifths": partial(is_direct, perfect=FIFTH),
    "direct-octaves": partial(is_direct, perfect=OCTAVE),
    "crossing": begins_crossing,
    "overlap": is_overlap,
    "spacing": begins_spacing,
}
# The rules that are seen from here as the judge sees them.
SEEN = (*_OF_DYADS, "large-leap")

NO_TONE = -1  # no pitch class

_SEMITONES = 12
_LARGEST_STEP = 2
# Semitones above the root of a dominant seventh: its tones.
_THIRD, _SEVENTH = 4, 10
_IN_DOMINANT = np.isin(np.arange(_SEMITONES), (0, _THIRD, FIFTH, _SEVENTH))
# Semitones above the leading tone: the tones of the tonic, in major and minor.
_IN_TONIC = np.isin(np.arange(_SEMITONES), (1, 4, 5, 8))


class Moment(NamedTuple):
    """What is known where a voice is about to choose its note, in a batch of pieces.

    Attributes:
        before: int array (batch, 4), MIDI notes a step before, 0 = silence.
        now: int array (batch, 4), MIDI notes of those that have chosen.
        written: the voices that have chosen.
        breathes: bool array (batch,), whether a phrase begins at this step, see
            `piece.find_breaths`.
        leading: int array (batch,), see `leading_tone`.
    """

    before: IntArray
    now: IntArray
    written: tuple[int, ...]
    breathes: BoolArray
    leading: IntArray


def leading_tone(key: Key | None) -> int:
    """Return the pitch class of the leading tone, NO_TONE where no key is known."""
    return NO_TONE if key is None else (key.tonic_class - 1) % _SEMITONES


class Fault(NamedTuple):
    """Which notes would break a rule.

    Attributes:
        rule: its name.
        voices: who would break it, the upper voice first.
        notes: bool array (batch, notes).
    """

    rule: str
    voices: tuple[int, ...]
    notes: BoolArray


def find_faults(moment: Moment, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes that would break a rule by themselves or with another voice.

    Args:
        moment: what is known.
        voice: who is about to choose, not yet among `moment.written`.
        notes: int array (batch, notes), MIDI notes that it may choose from, 0 =
            silence.

    Yields:
        Every rule of SEEN, with each voice or pair of voices that it looks at.
    """
    for other in moment.written:
        pair = (min(voice, other), max(voice, other))
        dyads = _dyads(moment, voice, notes, other, moment.now[:, other, None])
        for rule, is_broken in _OF_DYADS.items():
            if pair in RULES[rule].voices:
                yield Fault(rule, pair, is_broken(dyads))
    before = moment.before[:, voice, None]
    goes_on = (before != SILENCE) & (notes != SILENCE) & ~moment.breathes[:, None]
    leaps = is_large_leap(np.where(goes_on, notes - before, 0))
    yield Fault("large-leap", (voice,), leaps)


def find_corners(moment: Moment, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes that leave a neighbour who is yet to choose no way out.

    A note beyond the one that the neighbour sang a step before is overlap, unless the
    neighbour crosses over. Once the neighbour chooses it is too late to weigh that.

    Args and yields as `find_faults`.
    """
    for pair in NEIGHBOURS:
        others = set(range(VOICES)) - {voice, *moment.written}
        if voice in pair and (other := sum(pair) - voice) in others:
            dyads = _dyads(moment, voice, notes, other, moment.before[:, other, None])
            beyond = begins_crossing(dyads) & dyads.goes_on
            yield Fault("overlap", pair, beyond)


def find_stray_sevenths(moment: Moment, voice: int, notes: IntArray) -> Iterator[Fault]:
    """Find the notes to which the seventh of a dominant would go astray.

    Before, all four sang tones of a dominant seventh, none missing but the fifth, and
    this voice the seventh: it stays, or goes down by step, or to another tone of the
    chord as long as nobody has left it.

    Args and yields as `find_faults`.
    """
    # Semitones of each voice above each pitch class, array (batch, 4, 12).
    above = (moment.before[..., None] - np.arange(_SEMITONES)) % _SEMITONES
    is_root = _IN_DOMINANT[above].all(axis=1)
    for tone in (0, _THIRD, _SEVENTH):
        is_root &= (above == tone).any(axis=1)
    is_root &= ((moment.before != SILENCE).all(axis=1) & ~moment.breathes)[:, None]
    has_seventh = (is_root & (above[:, voice] == _SEVENTH)).any(axis=1)
    root = is_root.argmax(axis=1)[:, None]
    now = moment.now[:, list(moment.written)]
    goes_on = _is_within(_IN_DOMINANT, now, root)[:, None]
    is_tone = _IN_DOMINANT[(notes - root) % _SEMITONES]
    down = moment.before[:, voice, None] - notes
    goes_well = (down >= 0) & (down <= _LARGEST_STEP)
    astray = has_seventh[:, None] & (notes != SILENCE) & ~goes_well
    astray &= ~(is_tone & goes_on)
    yield Fault("unresolved-seventh", (voice,), astray)


def find_doubled_leading_tones(
    moment: Moment, voice: int, notes: IntArray
) -> Iterator[Fault]:
    """Find the notes that would double the leading tone of the key.

    That is a fault where all that is written belongs to the key's dominant, unless the
    two sang it a step before: what is done is done.

    Args and yields as `find_faults`.
    """
    written = list(moment.written)
    leading = moment.leading[:, None]
    now, sounding = moment.now[:, written], moment.now[:, written] != SILENCE
    sings = (now % _SEMITONES == leading) & sounding
    sang = (moment.before % _SEMITONES == leading) & (moment.before != SILENCE)
    joined = (sings & ~(sang[:, written] & sang[:, [voice]])).any(axis=1)
    doubles = (notes % _SEMITONES == leading) & (notes != SILENCE)
    doubles &= (joined & _is_within(_IN_DOMINANT, now, leading - _THIRD))[:, None]
    yield Fault("doubled-leading-tone", (voice,), doubles)


def find_stray_leading_tones(
    moment: Moment, voice: int, notes: IntArray
) -> Iterator[Fault]:
    """Find the notes to which the leading tone of the key would go astray.

    Before, all four sang tones of the key's dominant, its root among them and this
    voice the leading tone, and all that is written belongs to the tonic. It stays or
    goes up a semitone, down one to be the next seventh, and in an inner voice down to
    the fifth, as `leading-tone-leap` has it.

    Args and yields as `find_faults`.
    """
    leading = moment.leading[:, None]
    root = leading - _THIRD
    now = moment.now[:, list(moment.written)]
    above = (moment.before - root) % _SEMITONES
    leaves = (moment.before != SILENCE).all(axis=1) & ~moment.breathes
    leaves &= _IN_DOMINANT[above].all(axis=1) & (above == 0).any(axis=1)
    leaves &= (above[:, voice] == _THIRD) & (moment.leading != NO_TONE)
    leaves &= _is_within(_IN_TONIC, now, leading) & ~_is_within(_IN_DOMINANT, now, root)
    ways = (-1, 0, 1, *((-_THIRD,) if voice in (ALTO, TENOR) else ()))
    goes_well = np.isin(notes - moment.before[:, voice, None], ways)
    astray = leaves[:, None] & (notes != SILENCE) & ~goes_well
    yield Fault("unresolved-leading-tone", (voice,), astray)


_FINDERS = (
    find_faults,
    find_corners,
    find_stray_sevenths,
    find_doubled_leading_tones,
    find_stray_leading_tones,
)


def weigh(moment: Moment, voice: int, notes: IntArray) -> npt.NDArray[np.float64]:
    """Return what notes would cost in nats, float array (batch, notes).

    A note that breaks no rule costs nothing. Every fault costs the more, the rarer it
    is in Bach, see `surprise`.

    Args:
        moment, voice, notes: as of `find_faults`.
    """
    costs = np.zeros(notes.shape)
    for find in _FINDERS:
        for fault in find(moment, voice, notes):
            costs += surprise(fault.rule) * fault.notes
    return costs


def weigh_between(
    moment: Moment,
    after: IntArray,
    breathes_after: BoolArray,
    voice: int,
    notes: IntArray,
) -> npt.NDArray[np.float64]:
    """Return what notes would cost before a chord that is known, as `weigh` does.

    Faults of pairs of voices, and leaps, on the way to that chord count too.

    Args:
        moment, voice, notes: as of `find_faults`; what is not known is silence.
        after: int array (batch, 4), MIDI notes a step after, 0 = silence or not known.
        breathes_after: bool array (batch,), whether a phrase begins there.
    """
    costs = weigh(moment, voice, notes)
    breathes = breathes_after[:, None]
    for other in moment.written:
        pair = (min(voice, other), max(voice, other))
        dyads = _in_order(
            voice < other,
            (after[:, voice, None], notes),
            (after[:, other, None], moment.now[:, other, None]),
            breathes,
        )
        for rule, is_broken in _OF_DYADS.items():
            if pair in RULES[rule].voices:
                costs += surprise(rule) * is_broken(dyads)
    goes_on = (after[:, voice, None] != SILENCE) & (notes != SILENCE) & ~breathes
    leaps = is_large_leap(np.where(goes_on, after[:, voice, None] - notes, 0))
    return costs + surprise("large-leap") * leaps


def _is_within(chord: BoolArray, now: IntArray, root: IntArray) -> BoolArray:
    """Return where all that sounds belongs to a chord, bool array (batch,).

    Args:
        chord: bool array (12,), its tones in semitones above `root`.
        now: int array (batch, voices), MIDI notes, 0 = silence, which is no tone.
        root: int array (batch, 1), pitch class.
    """
    belongs = chord[(now - root) % _SEMITONES] | (now == SILENCE)
    within: BoolArray = belongs.all(axis=1)
    return within


def _dyads(
    moment: Moment, voice: int, notes: IntArray, other: int, sung: IntArray
) -> Dyads:
    """Return the dyads of notes with what another voice sings, arrays (batch, notes).

    Args:
        sung: int array (batch, 1), MIDI note of the other voice.
    """
    return _in_order(
        voice < other,
        (notes, moment.before[:, voice, None]),
        (sung, moment.before[:, other, None]),
        moment.breathes[:, None],
    )


def _in_order(
    mine_is_upper: bool,
    mine: tuple[IntArray, IntArray],
    others: tuple[IntArray, IntArray],
    breathes: BoolArray,
) -> Dyads:
    """Return the dyads of two voices, each with its notes now and a step before."""
    upper, lower = (mine, others) if mine_is_upper else (others, mine)
    return Dyads(
        upper=upper[0],
        lower=lower[0],
        upper_before=upper[1],
        lower_before=lower[1],
        breathes=breathes,
    )
