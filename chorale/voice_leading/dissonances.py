"""Rules about dissonances on a beat: how they are prepared and how they resolve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from chorale.music.harmony.analysis import NonChordTone
from chorale.music.harmony.templates import INTERVALS
from chorale.music.voices import BASS, SILENCE
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.dyads import LARGEST_STEP
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import SINGLE, Rule, RuleResult, Voices

# Semitones, octaves aside: seconds, sevenths and the tritone; a fourth only above the
# lowest voice.
_DISSONANT = (1, 2, 6, 10, 11)
_FOURTH = 5
# Their sevenths may be reached by leap.
_DOMINANTS = ("dominant seventh", "diminished seventh", "French sixth")


class _Dissonance(NamedTuple):
    """A non-chord tone that is dissonant on a beat."""

    tone: NonChordTone
    beat: int  # the first step on a beat


def unprepared_dissonance(piece: Piece) -> RuleResult:
    """Find dissonances on a beat that are reached by leap.

    A dissonance is a non-chord tone that forms a second, seventh or tritone with
    another voice, or a fourth with the lowest. Reached by step it is an accented
    passing or neighbor note, and held or repeated it is prepared, as a suspension is.
    So is the seventh of a chord, unless that is a dominant or leading-tone seventh. An
    opportunity is a dissonance that is attacked on a beat after another note.

    Source: suspensions, accented passing tones, the appoggiatura and the sevenths of
    ii7 and IV7 in Aldwell & Schachter and in Kostka & Payne; the chorale style avoids
    the appoggiatura.
    """
    faults = np.zeros(piece.pitches.shape, np.bool_)
    opportunities = np.zeros(len(faults), np.int64)
    on_beat = _on_beat(piece)
    places = [(t.start, t.voice) for t, beat in _dissonances(piece) if t.start == beat]
    places += [place for place in _new_sevenths(piece) if on_beat[place[0]]]
    for start, voice in places:
        if not start or not piece.chorale.onsets[start, voice]:
            continue
        if piece.pitches[start - 1, voice] == SILENCE:
            continue
        opportunities[start] += 1
        faults[start, voice] = abs(piece.moves[start, voice]) > LARGEST_STEP
    return RuleResult(faults, opportunities)


def unresolved_dissonance(piece: Piece) -> RuleResult:
    """Find dissonances on a beat that leap away.

    A dissonance is that of `unprepared_dissonance`. Its voice has to move on by step,
    also after other voices have moved. The note may be repeated, a suspension may
    resolve after a lower note, and a pedal of the bass is free. Off a beat a dissonance
    may leap away unless it is reached by leap too; there, a seventh of the chord counts
    as well. An opportunity is a dissonance that moves to another note of its phrase.

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
        may_leap = is_suspension or (tone.kind == "pedal" and voice == BASS)
        faults[step, voice] |= abs(move) > LARGEST_STEP and not may_leap
    for start, voice in _reached_by_leap(piece):
        move, step = piece.next_moves[start, voice], piece.next_changes[start, voice]
        if move:
            opportunities[step] += 1
            faults[step, voice] |= abs(move) > LARGEST_STEP
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


def _sevenths(piece: Piece) -> IntArray:
    """Return the sevenths of harmonies that are no dominants, int array (harmonies,).

    They are pitch classes, -1 where there is none.
    """
    sevenths = np.full(len(piece.analysis.harmonies), -1)
    for index, harmony in enumerate(piece.analysis.harmonies):
        tones = INTERVALS[harmony.quality]
        is_leading = harmony.numeral.startswith("vii")
        if len(tones) > 3 and harmony.quality not in _DOMINANTS and not is_leading:
            sevenths[index] = (harmony.root + tones[3]) % 12
    return sevenths


def _new_sevenths(piece: Piece) -> Iterator[tuple[int, int]]:
    """Yield step and voice of these sevenths where the chord has a new root."""
    harmonies = piece.analysis.harmonies
    sevenths = _sevenths(piece)
    for index, harmony in enumerate(harmonies):
        if index and harmonies[index - 1].root == harmony.root:
            continue
        chord = piece.pitches[harmony.start]
        is_seventh = (chord != SILENCE) & (chord % 12 == sevenths[index])
        for voice in np.flatnonzero(is_seventh).tolist():
            if _dissonant_voices(piece, harmony.start, voice):
                yield harmony.start, voice


def _reached_by_leap(piece: Piece) -> Iterator[tuple[int, int]]:
    """Yield step and voice of dissonances off a beat that are reached by leap.

    They are non-chord tones that end before the next beat, and these sevenths.
    """
    on_beat = _on_beat(piece)
    leaps = piece.chorale.onsets & (np.abs(piece.moves) > LARGEST_STEP)
    leaps &= ~on_beat[:, None]
    sevenths = np.append(_sevenths(piece), -1)[piece.analysis.harmony_at]
    is_dissonant = piece.pitches % 12 == sevenths[:, None]
    for tone in piece.analysis.non_chord_tones:
        if not on_beat[tone.start : tone.end].any():
            is_dissonant[tone.start, tone.voice] = True
    for step, voice in np.argwhere(leaps & is_dissonant).tolist():
        if _dissonant_voices(piece, step, voice):
            yield step, voice


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
        bach_per_thousand=8.3,
    ),
    Rule(
        name="unresolved-dissonance",
        summary="a dissonance on a beat leaps away, instead of moving by step",
        voices=SINGLE,
        find=unresolved_dissonance,
        message=_describe_unresolved,
        bach_per_thousand=13.47,
    ),
)
