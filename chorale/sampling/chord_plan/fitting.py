"""Fitting of the chain of chords: counts of Bach's chorales in train.

    python -m chorale.sampling.chord_plan.fitting

analyzes the chorales of train and writes `chain.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from chorale.corpus.loading import load_corpus
from chorale.encoding.plan import Plan
from chorale.music.harmony.analysis import Analysis, Harmony
from chorale.music.harmony.analyzing import analyze
from chorale.music.harmony.degrees import MODES
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO
from chorale.sampling.chord_plan.beats import PLACES, ROLES, Beat, beats_of
from chorale.sampling.chord_plan.chain import FILE, ChordChain, ModeCounts, chord_chain
from chorale.sampling.chord_plan.chords import DIMINISHED, MAJOR, MINOR, Chord
from chorale.utils.files import write_text

# Beats that a chord must have in the pieces of a mode.
_LEAST = 20
_TRIADS = {
    "major": MAJOR,
    "dominant seventh": MAJOR,
    "major seventh": MAJOR,
    "minor": MINOR,
    "minor seventh": MINOR,
    "diminished": DIMINISHED,
    "half-diminished": DIMINISHED,
    "diminished seventh": DIMINISHED,
}
_COMMAND = "python -m chorale.sampling.chord_plan.fitting"
_Piece = list[tuple[Beat, Chord | None]]


def fit_chord_chain(chorales: Sequence[Chorale]) -> ChordChain:
    """Count the chords of chorales, and the notes of their sopranos.

    Args:
        chorales: with keys.
    """
    pieces: dict[str, list[_Piece]] = {mode: [] for mode in MODES}
    sung: dict[str, Counter[tuple[Chord, int]]] = {mode: Counter() for mode in MODES}
    tones, notes = Counter[str](), Counter[str]()
    for chorale in chorales:
        analysis = analyze(chorale)
        tonic, mode = analysis.key.tonic_class, analysis.key.mode
        line, onsets = chorale.pitches[:, SOPRANO], chorale.onsets[:, SOPRANO]
        piece: _Piece = []
        for beat in beats_of(Plan.of(chorale), line, onsets):
            here = _chord_at(analysis, beat.step)
            piece.append((beat, here))
            for note in beat.notes:
                chord = _chord_at(analysis, note.step)
                if chord is None:
                    continue
                degree = (note.pitch - tonic) % 12
                notes[note.role] += 1
                tones[note.role] += degree in chord.tones
                if here is not None and degree in here.tones:
                    sung[mode][here, degree] += 1
        pieces[mode].append(piece)
    return ChordChain(
        modes={mode: _counts(pieces[mode], sung[mode]) for mode in MODES},
        chord_tones={role: (tones[role], notes[role]) for role in ROLES},
    )


def _chord_at(analysis: Analysis, step: int) -> Chord | None:
    """Return the chord at a step; None if there is none, or none of a plan."""
    index = int(analysis.harmony_at[step])
    return None if index < 0 else _chord(analysis.harmonies[index], analysis)


def _chord(harmony: Harmony, analysis: Analysis) -> Chord | None:
    triad = _TRIADS.get(harmony.quality)
    if triad is None:
        return None
    root = (harmony.root - analysis.key.tonic_class) % 12
    return Chord(root, triad, harmony.inversion)


def _counts(pieces: Sequence[_Piece], sung: Counter[tuple[Chord, int]]) -> ModeCounts:
    """Return the counts of the pieces in one mode."""
    beats = Counter(chord for piece in pieces for _, chord in piece if chord)
    chords = tuple(chord for chord, found in beats.most_common() if found >= _LEAST)
    numbers = {chord: index for index, chord in enumerate(chords)}
    firsts = np.zeros(len(chords), np.int64)
    following = {place: np.zeros((len(chords),) * 2, np.int64) for place in PLACES}
    for piece in pieces:
        if piece and piece[0][1] in numbers:
            firsts[numbers[piece[0][1]]] += 1
        for (_, before), (beat, chord) in pairwise(piece):
            if before in numbers and chord in numbers:
                following[beat.place][numbers[before], numbers[chord]] += 1
    return ModeCounts(
        chords=chords,
        firsts=firsts,
        following=following,
        sung=np.array(
            [[sung[chord, degree] for degree in range(12)] for chord in chords]
        ),
    )


def main() -> None:
    """Fit the chain to the chorales of train and write its file."""
    chain = fit_chord_chain(load_corpus().train)
    table = {"made_by": _COMMAND, **chain.to_json()}
    write_text(FILE, json.dumps(table, indent=1, ensure_ascii=False) + "\n")
    chord_chain.cache_clear()


if __name__ == "__main__":
    main()
