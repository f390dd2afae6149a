"""Fitting of the chain of chords: counts of small chorales, and the shipped file."""

from __future__ import annotations

import json

from bach import all_chorales
from progressions import progression

from chorale.sampling.chord_plan.beats import BEGINNING, LAST_ARRIVAL, LEAP_ON, STEP_ON
from chorale.sampling.chord_plan.chain import FILE
from chorale.sampling.chord_plan.fitting import fit_chord_chain

# I, IV, V7 and I, with a passing note in the soprano.
PIECE = progression(
    "E4 F4.2 G4.2 F4 E4",
    "C4 C4 B3 C4",
    "G3 A3 D4 G3",
    "C3 F3 G3 C3",
    fermatas=[(12, 16)],
)


def test_chords_and_notes_are_counted() -> None:
    chain = fit_chord_chain([PIECE] * 20)
    counts = chain.modes["major"]
    names = [chord.name for chord in counts.chords]
    assert names == ["I", "IV", "V"]
    assert counts.firsts.tolist() == [20, 0, 0]
    assert counts.following[LAST_ARRIVAL].tolist() == [[0] * 3, [0] * 3, [20, 0, 0]]
    assert counts.following[BEGINNING].sum() == 0
    assert counts.sung[names.index("I"), 4] == 40
    assert counts.sung[names.index("V"), 5] == 20
    assert chain.chord_tones[STEP_ON] == (80, 80)
    assert chain.chord_tones[LEAP_ON] == (0, 0)
    assert chain.chord_tones["steps off the beat"] == (0, 20)


def test_rare_chords_are_left_out() -> None:
    assert not fit_chord_chain([PIECE] * 9).modes["major"].chords


def test_keys_do_not_matter() -> None:
    moved = [PIECE.transpose(semitones) for semitones in range(-4, 5)] * 4
    assert fit_chord_chain(moved).to_json() == fit_chord_chain([PIECE] * 36).to_json()


def test_the_shipped_counts_are_those_of_train() -> None:
    shipped = json.loads(FILE.read_text(encoding="utf-8"))
    fitted = fit_chord_chain(all_chorales().train).to_json()
    assert {"made_by": shipped["made_by"], **fitted} == shipped
