"""Accidentals of ABC notation: where they hold, and what is doubtful."""

from __future__ import annotations

import pytest

from chorale.formats.abc.accidentals import ALTERS, OCTAVE, Accidentals

F4, F5, G4 = 31, 38, 32  # diatonic numbers, an octave is seven
SHARP, FLAT = ALTERS["^"], ALTERS["_"]


def test_a_sign_holds_for_its_note() -> None:
    found = Accidentals()
    found.add(F4, SHARP, row=1)
    assert found.in_force(F4, 0, 1, OCTAVE) == (SHARP, "")
    assert found.in_force(G4, FLAT, 1, OCTAVE) == (FLAT, "")


@pytest.mark.parametrize(
    ("scope", "alter", "doubt"),
    [(OCTAVE, 0, "another octave"), ("pitch", SHARP, ""), ("not", 0, "")],
)
def test_other_octaves(scope: str, alter: int, doubt: str) -> None:
    found = Accidentals()
    found.add(F4, SHARP, row=1)
    read, said = found.in_force(F5, 0, 1, scope)
    assert read == alter
    assert doubt in said and bool(doubt) == bool(said)


def test_a_sign_for_its_note_alone_does_not_hold() -> None:
    found = Accidentals()
    found.add(F4, SHARP, row=1)
    assert found.in_force(F4, FLAT, 1, "not") == (FLAT, "")


def test_the_next_line_of_a_bar_is_doubtful() -> None:
    found = Accidentals()
    found.add(F4, SHARP, row=1)
    alter, doubt = found.in_force(F4, 0, 2, OCTAVE)
    assert alter == SHARP and "next line" in doubt
    # As the key has it anyway: nothing is to be said.
    assert found.in_force(F4, SHARP, 2, OCTAVE) == (SHARP, "")


def test_the_last_of_several_signs_holds() -> None:
    found = Accidentals()
    found.add(F4, SHARP, row=1)
    found.add(F5, FLAT, row=1)
    assert found.in_force(F4, 0, 1, OCTAVE) == (SHARP, "")
    assert found.in_force(F4, 0, 1, "pitch") == (FLAT, "")
    found.add(F4, ALTERS["="], row=1)
    assert found.in_force(F4, SHARP, 1, OCTAVE) == (0, "")
