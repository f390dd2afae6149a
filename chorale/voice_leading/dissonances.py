"""Rules about dissonances on a beat: how they are prepared and how they resolve."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.harmony.analysis import NonChordTone
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray
from chorale.voice_leading.dyads import LARGEST_STEP
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import SINGLE, Rule, RuleResult, Voices

# Semitones, octaves aside: seconds, sevenths and the tritone; a fourth only above the
# lowest voice.
_DISSONANT = (1, 2, 6, 10, 11)
_FOURTH = 5


class _Dissonance(NamedTuple):
    """A non-chord tone that is dissonant on a beat."""

    tone: NonChordTone
    beat: int  # the first step on a beat


def unprepared_dissonance(piece: Piece) -> RuleResult:
    """Find dissonances on a beat that are reached by leap.

    A dissonance is a non-chord tone that forms a second, seventh or tritone with
    another voice, or a fourth with the lowest. Reached by step it is an accented
    passing or neighbor note, and held or repeated it is prepared, as a suspension is.
    An opportunity is a dissonance that is attacked on a beat after another note.

    Source: suspensions, accented passing tones and the appoggiatura in Aldwell &
    Schachter and in Kostka & Payne; the chorale style avoids the last.
    """
    faults = np.zeros(piece.pitches.shape, np.bool_)
    opportunities = np.zeros(len(faults), np.int64)
    for tone, beat in _dissonances(piece):
        start = tone.start
        if start != beat or not start or not piece.chorale.onsets[start, tone.voice]:
            continue
        if piece.pitches[start - 1, tone.voice] == SILENCE:
            continue
        opportunities[start] += 1
        move = piece.moves[start, tone.voice]
        faults[start, tone.voice] = abs(move) > LARGEST_STEP
    return RuleResult(faults, opportunities)


def unresolved_dissonance(piece: Piece) -> RuleResult:
    """Find dissonances on a beat that leap away.

    A dissonance is that of `unprepared_dissonance`. Its voice has to move on by step,
    also after other voices have moved. The note may be repeated, a suspension may
    resolve after a lower note, and a pedal is free. An opportunity is a dissonance that
    moves to another note of its phrase.

    Source: suspensions and accented non-chord tones in Aldwell & Schachter and in
    Kostka & Payne.
    """
    faults = np.zeros(piece.pitches.shape, np.bool_)
    opportunities = np.zeros(len(faults), np.int64)
    for tone, beat in _dissonances(piece):
        voice = tone.voice
        move, step = piece.next_moves[beat, voice], piece.next_changes[beat, voice]
        if not move or piece.chorale.onsets[beat + 1 : step, voice].any():
            continue
        opportunities[step] += 1
        is_suspension = tone.kind == "suspension" and step == tone.end
        may_leap = is_suspension or tone.kind == "pedal"
        faults[step, voice] |= abs(move) > LARGEST_STEP and not may_leap
    return RuleResult(faults, opportunities)


def _dissonances(piece: Piece) -> list[_Dissonance]:
    on_beat = np.flatnonzero(_on_beat(piece))
    found = []
    for tone in piece.analysis.non_chord_tones:
        place = int(np.searchsorted(on_beat, tone.start))
        if place == len(on_beat) or on_beat[place] >= tone.end:
            continue
        beat = int(on_beat[place])
        if _dissonant_voices(piece, beat, tone.voice):
            found.append(_Dissonance(tone, beat))
    return found


def _dissonant_voices(piece: Piece, step: int, voice: int) -> list[int]:
    """Return the voices with which a voice is dissonant at a step."""
    chord = piece.pitches[step].tolist()
    lowest = min(pitch for pitch in chord if pitch != SILENCE)
    own = chord[voice]
    return [
        other
        for other, pitch in enumerate(chord)
        if pitch != SILENCE
        and (
            abs(pitch - own) % 12 in _DISSONANT
            or (abs(pitch - own) % 12 == _FOURTH and min(pitch, own) == lowest)
        )
    ]


def _on_beat(piece: Piece) -> BoolArray:
    """Return which steps are on a beat, bool array (steps,)."""
    chorale = piece.chorale
    lengths = np.empty(chorale.steps, np.int64)
    for metre in chorale.metres:
        lengths[metre.step :] = metre.beat_length
    on_beat: BoolArray = chorale.positions % lengths == 0
    return on_beat


def _describe_unprepared(piece: Piece, step: int, voices: Voices) -> str:
    (voice,) = voices
    others = _dissonant_voices(piece, step, voice)
    note, other = piece.note_name(step, voice), piece.note_name(step, others[0])
    return (
        f"leap {piece.note_name(step - 1, voice)}-{note} to a dissonance with {other}"
    )


def _describe_unresolved(piece: Piece, step: int, voices: Voices) -> str:
    (voice,) = voices
    before, note = piece.note_name(step - 1, voice), piece.note_name(step, voice)
    return f"dissonance {before} leaps to {note}"


RULES = (
    Rule(
        name="unprepared-dissonance",
        summary="a voice leaps to a dissonance on a beat",
        voices=SINGLE,
        find=unprepared_dissonance,
        message=_describe_unprepared,
        bach_per_thousand=6.98,
    ),
    Rule(
        name="unresolved-dissonance",
        summary="a dissonance on a beat leaps away, instead of moving by step",
        voices=SINGLE,
        find=unresolved_dissonance,
        message=_describe_unresolved,
        bach_per_thousand=10.92,
    ),
)
