"""Rules about tendency tones: the leading tone and the seventh of a dominant."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import ALTO, BASS, SILENCE, TENOR
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dominants import NO_TONE
from chorale.voice_leading.dyads import STEPS
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import PAIRS, Rule, RuleResult

# Semitones above the tonic: the seventh of the next dominant.
_NEXT_SEVENTH = 10
# Semitones from the leading tone down to the fifth of the tonic.
_TO_FIFTH = -4


class _Departures(NamedTuple):
    """Where voices leave a tendency tone, arrays (departures,)."""

    voices: IntArray  # which voice leaves the tone
    last_steps: IntArray  # the last step of the tone within the chord
    steps: IntArray  # the step at which the voice has its next pitch
    moves: IntArray  # semitones to that pitch
    ends: IntArray  # the step at which the chord of resolution begins
    chord_moves: IntArray  # semitones from the tone to the pitch in that chord
    tonics: IntArray  # pitch class of the root of that chord


def doubled_leading_tone(piece: Piece) -> RuleResult:
    """Find two voices that have the leading tone at the same time.

    It is the third of V or V7 and the root of a diminished vii°, which lead to their
    tonic, of the local key or applied, see `find_tendency_chords`. A pair of voices is
    found once per chord; an opportunity is such a chord.

    Source: doubling in Aldwell & Schachter, Piston, and Kostka & Payne.
    """
    chords = piece.tendency_chords
    upper, lower = np.array(PAIRS).T
    has_tone = _has_tone(piece, chords.leading)
    doubled = has_tone[:, upper] & has_tone[:, lower]
    faults = np.zeros_like(doubled)
    opportunities = np.zeros(len(doubled), np.int64)
    spans = np.stack([chords.starts, chords.ends], axis=1)[chords.leading != NO_TONE]
    for start, end in spans.tolist():
        pairs = np.flatnonzero(doubled[start:end].any(axis=0))
        firsts = start + doubled[start:end, pairs].argmax(axis=0)
        faults[firsts, pairs] = True
        opportunities[firsts.min(initial=end - 1)] += 1
    return RuleResult(faults, opportunities)


def unresolved_leading_tone(piece: Piece) -> RuleResult:
    """Find leading tones that do not rise by a semitone.

    A leading tone is that of `doubled_leading_tone`, in the voice that has it last. It
    may rise at any time, also after a decoration; stay in the next chord; fall by a
    semitone to the seventh of the next dominant; and in an inner voice fall to the
    fifth of the tonic, through a passing note or by leap, which is a rule of its own.
    An opportunity is a leading tone that its voice leaves.

    Source: Aldwell & Schachter, Piston, and Kostka & Payne on V, vii° and applied
    chords.
    """
    departures, resolved = _leading_tones(piece)
    frustrated = _is_inner(departures) & (departures.chord_moves == _TO_FIFTH)
    return _result(piece, departures, ~resolved & ~frustrated)


def leading_tone_leap(piece: Piece) -> RuleResult:
    """Find leading tones of inner voices that leap down to the fifth of the tonic.

    The tonic then has its fifth, so textbooks allow it in inner voices, where it is
    less noticeable: a lenient rule. Opportunities are those of unresolved leading
    tones, in the inner voices.

    Source: the frustrated leading tone in Kostka & Payne.
    """
    departures, resolved = _leading_tones(piece)
    is_inner = _is_inner(departures)
    leaps = (departures.moves == _TO_FIFTH) & (departures.chord_moves == _TO_FIFTH)
    return _result(piece, departures, is_inner & ~resolved & leaps, is_inner)


def unresolved_seventh(piece: Piece) -> RuleResult:
    """Find sevenths of chords that do not fall by step.

    The voice that has the seventh last has to resolve it. It may stay in the next
    chord, reach the note of resolution after a decoration, and rise by step if the bass
    takes that note, or in passing: shorter than a quarter and reached by step from
    below. Sevenths shorter than a quarter are ornaments in chords other than dominant
    sevenths. An opportunity is a seventh that its voice leaves, of a seventh chord
    whose root moves down a fifth, as in V7–I and ii7–V, or up a step, as in V7–vi; and
    of a dominant seventh before any chord, where it may also rise by step, or leap if
    another voice has its note in that chord.

    Source: V7, ii7 and vii°7 and their inversions in Aldwell & Schachter, Piston, and
    Kostka & Payne.
    """
    departures = _departures(piece, piece.tendency_chords.sevenths)
    voices, last_steps = departures.voices, departures.last_steps
    resolved = (
        (departures.steps > departures.ends)
        | np.isin(-departures.moves, STEPS)
        | np.isin(-departures.chord_moves, (0, *STEPS))
    )
    bass = piece.pitches[departures.ends, BASS]
    sevenths = piece.pitches[last_steps, voices]
    taken = np.isin((sevenths - bass) % 12, STEPS) & (bass != SILENCE)
    starts = _pitch_starts(piece.pitches)[last_steps, voices]
    is_short = departures.steps - starts < STEPS_PER_QUARTER
    passing = np.isin(piece.moves[starts, voices], STEPS) & is_short
    chords = piece.tendency_chords
    chosen = chords.at[last_steps]
    otherwise = ~chords.moves_on[chosen]
    rises = np.isin(departures.moves, STEPS) & (taken | passing | otherwise)
    after = piece.pitches[departures.ends]
    same = (after != SILENCE) & (after % 12 == sevenths[:, None] % 12)
    rises |= otherwise & same.any(axis=1)  # another voice keeps the note
    counts = chords.is_dominant[chosen] | ~is_short
    return _result(piece, departures, counts & ~resolved & ~rises, counts)


def _has_tone(piece: Piece, tones: IntArray) -> BoolArray:
    """Return where voices have the tone of a tendency chord, bool array (steps, 4).

    `tones` are pitch classes by chord, or NO_TONE.
    """
    # Index -1, no chord, takes the appended tone.
    tone = np.append(tones, NO_TONE)[piece.tendency_chords.at]
    has_tone: BoolArray = piece.pitches % 12 == tone[:, None]
    has_tone &= piece.pitches != SILENCE
    return has_tone


def _departures(piece: Piece, tones: IntArray) -> _Departures:
    """Return where the voices that have a tone of a tendency chord last leave it.

    `tones` are pitch classes by chord, or NO_TONE. A rest or the end of the phrase is
    no departure.
    """
    pitches, chords = piece.pitches, piece.tendency_chords
    has_tone = _has_tone(piece, tones)
    last = np.full(len(tones), -1)
    steps = np.flatnonzero(has_tone.any(axis=1))
    np.maximum.at(last, chords.at[steps], steps)
    chosen = np.flatnonzero(last >= 0)
    rows, voices = np.nonzero(has_tone[last[chosen]])
    chosen = chosen[rows]
    last_steps, ends = last[chosen], chords.ends[chosen]
    steps = piece.next_changes[last_steps, voices]
    exists = steps < len(pitches)
    steps = np.where(exists, steps, 0)
    exists &= piece.moves[steps, voices] != 0
    return _Departures(
        voices=voices[exists],
        last_steps=last_steps[exists],
        steps=steps[exists],
        moves=piece.moves[steps, voices][exists],
        ends=ends[exists],
        chord_moves=(pitches[ends, voices] - pitches[last_steps, voices])[exists],
        tonics=chords.tonics[chosen][exists],
    )


def _pitch_starts(pitches: IntArray) -> IntArray:
    """Return, for each step and voice, the first step of the present pitch."""
    steps = np.arange(len(pitches))[:, None]
    is_first = np.diff(pitches, axis=0, prepend=-1) != 0
    latest: IntArray = np.maximum.accumulate(np.where(is_first, steps, 0), axis=0)
    return latest


def _leading_tones(piece: Piece) -> tuple[_Departures, BoolArray]:
    """Return where leading tones are left, and which of them are resolved."""
    departures = _departures(piece, piece.tendency_chords.leading)
    arrivals = piece.pitches[departures.steps, departures.voices] % 12
    becomes_seventh = arrivals == (departures.tonics + _NEXT_SEVENTH) % 12
    resolved = (
        (departures.steps > departures.ends)
        | (departures.moves == 1)
        | (departures.chord_moves == 1)
        | ((departures.moves == -1) & becomes_seventh)
    )
    return departures, resolved


def _is_inner(departures: _Departures) -> BoolArray:
    return np.isin(departures.voices, (ALTO, TENOR))


def _result(
    piece: Piece,
    departures: _Departures,
    is_fault: BoolArray,
    is_opportunity: BoolArray | None = None,
) -> RuleResult:
    """Return faults and opportunities, by default all departures, at their steps."""
    faults = np.zeros(piece.pitches.shape, np.bool_)
    faults[departures.steps[is_fault], departures.voices[is_fault]] = True
    steps = departures.steps
    if is_opportunity is not None:
        steps = steps[is_opportunity]
    return RuleResult(faults, np.bincount(steps, minlength=len(faults)))


RULES = (
    Rule(
        name="doubled-leading-tone",
        summary="two voices have the leading tone of V, vii° or an applied chord",
        voices=PAIRS,
        find=doubled_leading_tone,
        message="both have the leading tone, {lower} and {upper}",
        is_motion=False,
        bach_per_thousand=13.92,
        level="beginner",
    ),
    Rule(
        name="unresolved-leading-tone",
        summary="the leading tone of a chord that leads to its tonic does not rise",
        find=unresolved_leading_tone,
        message="leading tone {before} goes to {note}, not up a semitone",
        bach_per_thousand=37.48,
        level="beginner",
    ),
    Rule(
        name="leading-tone-leap",
        summary="lenient: an inner leading tone leaps to the fifth of the tonic",
        find=leading_tone_leap,
        message="leading tone {before} leaps down to {note}, the fifth of the tonic",
        level="strict",
    ),
    Rule(
        name="unresolved-seventh",
        summary="the seventh of a chord does not step down",
        find=unresolved_seventh,
        message="seventh {before} goes to {note}, not down by step",
        bach_per_thousand=12.93,
        level="beginner",
    ),
)
