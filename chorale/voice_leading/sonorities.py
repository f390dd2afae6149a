"""Rules about chords without a third: open fifths, incomplete chords."""

from __future__ import annotations

import numpy as np

from chorale.music.harmony.templates import TONES, chord
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.voices import SILENCE
from chorale.utils.arrays import BoolArray, IntArray
from chorale.voice_leading.metrical_weights import BEAT, metrical_weights
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rule import Rule, RuleResult, Voices
from chorale.voice_leading.stretches import (
    CHORD,
    FEWEST_VOICES,
    THIRDS,
    Stretch,
    class_name,
    harmony_at,
    name_of,
    stretches,
)

_FIFTH = 7  # semitones


def open_fifth(piece: Piece) -> RuleResult:
    """Find chords on a beat of root and fifth only.

    Three voices or more sound, at least one attacks, and there are only two pitch
    classes, a fifth apart. It is no fault if the third sounds within the beat, or in
    the same harmony before or after; an open fifth of several beats is one fault. An
    opportunity is a chord on a beat.

    Source: the third is never left out, in Aldwell & Schachter, Piston, and Kostka &
    Payne.
    """
    on_beat = _chords_on_beats(piece)
    roots = _open_fifths(piece)
    faults = np.zeros((len(on_beat), 1), np.bool_)
    candidates = np.flatnonzero(on_beat & (roots >= 0))
    if len(candidates):
        at = _stretch_at(piece)
        classes = _classes(piece.pitches)
        beats = np.append(
            np.flatnonzero(metrical_weights(piece.chorale) >= BEAT), len(on_beat)
        )
        found = -1
        for step in candidates.tolist():
            if found >= 0 and (roots[found:step] == roots[step]).all():
                continue  # the same chord as that found
            start, end = step, int(beats[np.searchsorted(beats, step, side="right")])
            stretch = at.get(step)
            if stretch is not None and stretch.harmonies[0].root == roots[step]:
                start, end = min(start, stretch.start), max(end, stretch.end)
            thirds = [(roots[step] + third) % 12 for third in THIRDS]
            if not classes[start:end, thirds].any():
                faults[step] = True
                found = step
    return RuleResult(faults, on_beat.astype(np.int64))


def missing_third(piece: Piece) -> RuleResult:
    """Find other chords whose third never sounds.

    A chord is a stretch of harmonies on one root that begins on a beat and lasts a
    quarter or longer, such as a seventh chord of root, fifth and seventh. It is no
    fault if a suspension or another non-chord tone resolves to the third. Open fifths
    are a rule of their own. An opportunity is such a stretch.

    Source: incomplete chords leave out the fifth, in Aldwell & Schachter, Piston, and
    Kostka & Payne.
    """
    weights = metrical_weights(piece.chorale)
    faults = np.zeros((len(weights), 1), np.bool_)
    opportunities = np.zeros(len(weights), np.int64)
    classes = _classes(piece.pitches)
    voices = (piece.pitches != SILENCE).sum(axis=1)
    is_open = (_open_fifths(piece) >= 0) & _chords_on_beats(piece)
    for stretch in stretches(piece):
        start, end = stretch.start, stretch.end
        is_chord = weights[start] >= BEAT and voices[start] >= FEWEST_VOICES
        if not is_chord or end - start < STEPS_PER_QUARTER:
            continue
        opportunities[start] = 1
        thirds = [(stretch.harmonies[0].root + third) % 12 for third in THIRDS]
        if classes[start:end, thirds].any() or is_open[start:end].any():
            continue
        faults[start] = not _resolves_to(piece, stretch, thirds)
    return RuleResult(faults, opportunities)


def _resolves_to(piece: Piece, stretch: Stretch, classes: list[int]) -> bool:
    """Return whether a non-chord tone of a stretch resolves to a pitch class."""
    return any(
        tone.start < stretch.end
        and tone.end > stretch.start
        and tone.resolution is not None
        and piece.pitches[tone.resolution, tone.voice] % 12 in classes
        for tone in piece.analysis.non_chord_tones
    )


def _classes(pitches: IntArray) -> BoolArray:
    """Return which pitch classes sound, bool array (steps, 12)."""
    present = np.zeros((len(pitches), 12), np.bool_)
    steps, voices = np.nonzero(pitches != SILENCE)
    present[steps, pitches[steps, voices] % 12] = True
    return present


def _open_fifths(piece: Piece) -> IntArray:
    """Return the root of each step at which root and fifth alone sound; else -1."""
    classes = _classes(piece.pitches)
    fifths = classes & np.roll(classes, -_FIFTH, axis=1)
    is_open = fifths.any(axis=1) & (classes.sum(axis=1) == 2)
    return np.where(is_open, fifths.argmax(axis=1), -1)


def _chords_on_beats(piece: Piece) -> BoolArray:
    on_beat: BoolArray = metrical_weights(piece.chorale) >= BEAT
    on_beat &= piece.chorale.onsets.any(axis=1)
    on_beat &= (piece.pitches != SILENCE).sum(axis=1) >= FEWEST_VOICES
    return on_beat


def _stretch_at(piece: Piece) -> dict[int, Stretch]:
    """Return the stretch of each step that has one."""
    return {
        step: stretch
        for stretch in stretches(piece)
        for step in range(stretch.start, stretch.end)
    }


def _describe_fifth(piece: Piece, step: int, voices: Voices) -> str:
    root = int(_open_fifths(piece)[step])
    names = [class_name(root + interval, piece.key) for interval in (0, _FIFTH)]
    return f"only {names[0]} and {names[1]} sound, the third is missing"


def _describe_third(piece: Piece, step: int, voices: Voices) -> str:
    harmony = harmony_at(piece, step)
    third = int(TONES[1, chord(harmony.root, harmony.quality)])
    return f"{name_of(harmony)} has no third, {class_name(third, harmony.key)}"


RULES = (
    Rule(
        name="open-fifth",
        summary="a chord on a beat has root and fifth, but no third",
        voices=(CHORD,),
        find=open_fifth,
        message=_describe_fifth,
        is_motion=False,
        bach_per_thousand=3.27,
        level="beginner",
    ),
    Rule(
        name="missing-third",
        summary="another incomplete chord lacks its third",
        voices=(CHORD,),
        find=missing_third,
        message=_describe_third,
        is_motion=False,
        bach_per_thousand=1.52,
        level="beginner",
    ),
)
