"""Rules seen from a note that is about to be written.

The judge looks at pieces that are done. Here one voice is about to choose its note, and
what is known are the chord a step before, what other voices have chosen at this step,
and whether a phrase begins. So a fault between two voices is laid to the one that
chooses later. By the time all have chosen, the faults are those that the judge finds.

Sevenths are seen as far as the chord before tells: that it was a dominant shows for
certain once the next one is complete. Leading tones are left to the judge, ranges to
the sampler, which has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.score import BoolArray, IntArray
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
from chorale.voice_leading.melody import is_large_leap
from chorale.voice_leading.piece import NEIGHBOURS
from chorale.voice_leading.rules import RULES, surprise
from chorale.voices import SILENCE, VOICES

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

_SEMITONES = 12
_LARGEST_STEP = 2
# Semitones above the root of a dominant seventh: its tones.
_THIRD, _SEVENTH = 4, 10
_IN_DOMINANT = np.isin(np.arange(_SEMITONES), (0, _THIRD, FIFTH, _SEVENTH))


class Moment(NamedTuple):
    """What is known where a voice is about to choose its note, in a batch of pieces.

    Attributes:
        before: int array (batch, 4), MIDI notes a step before, 0 = silence.
        now: int array (batch, 4), MIDI notes of those that have chosen.
        written: the voices that have chosen.
        breathes: bool array (batch,), whether a phrase begins at this step, see
            `piece.find_breaths`.
    """

    before: IntArray
    now: IntArray
    written: tuple[int, ...]
    breathes: BoolArray


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


def find_strays(moment: Moment, voice: int, notes: IntArray) -> Iterator[Fault]:
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
    is_within = _IN_DOMINANT[(now - root) % _SEMITONES] | (now == SILENCE)
    goes_on = is_within.all(axis=1, keepdims=True)
    is_tone = _IN_DOMINANT[(notes - root) % _SEMITONES]
    down = moment.before[:, voice, None] - notes
    goes_well = (down >= 0) & (down <= _LARGEST_STEP)
    astray = has_seventh[:, None] & (notes != SILENCE) & ~goes_well
    astray &= ~(is_tone & goes_on)
    yield Fault("unresolved-seventh", (voice,), astray)


def weigh(moment: Moment, voice: int, notes: IntArray) -> npt.NDArray[np.float64]:
    """Return what notes would cost in nats, float array (batch, notes).

    A note that breaks no rule costs nothing. Every fault costs the more, the rarer it
    is in Bach, see `surprise`.

    Args:
        moment, voice, notes: as of `find_faults`.
    """
    costs = np.zeros(notes.shape)
    for find in (find_faults, find_corners, find_strays):
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

    Faults on the way to that chord count too.

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
