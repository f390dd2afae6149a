"""Textbook exercises: correct ones break no rule, faulty ones those that they break."""

from __future__ import annotations

import pytest
from textbook_exercises import CORRECT, FAULTY, Exercise

from chorale.utils.arrays import IntArray
from chorale.voice_leading.checking import check


def faults(exercise: Exercise, spelling: IntArray | None) -> set[tuple[object, ...]]:
    """Return rule, bar and beat of what is found."""
    findings = check(exercise.chorale, spelling=spelling)
    return {(finding.rule, finding.bar, finding.beat) for finding in findings}


@pytest.mark.parametrize("exercise", CORRECT, ids=lambda exercise: exercise.name)
def test_nothing_is_found_in_a_correct_exercise(exercise: Exercise) -> None:
    assert faults(exercise, exercise.spelling) == set()
    assert faults(exercise, None) == set()


@pytest.mark.parametrize("exercise", FAULTY, ids=lambda exercise: exercise.name)
def test_exactly_the_faults_of_an_exercise_are_found(exercise: Exercise) -> None:
    assert faults(exercise, exercise.spelling) == exercise.faults
    assert faults(exercise, None) == exercise.faults


def test_there_are_ten_of_each() -> None:
    assert len(CORRECT) >= 10
    assert len(FAULTY) >= 10
    assert len({exercise.name for exercise in (*CORRECT, *FAULTY)}) == len(
        CORRECT
    ) + len(FAULTY)


def test_a_syncopated_jig_that_clashes_is_marked() -> None:
    bars = "A4.4 A4.2 A4.4 A4.2 " * 3
    jig = Exercise(
        name="a jig whose chords change on the third and sixth eighths",
        voices=(
            "A4.4 A4.2 C5.2 A4.2 A4.2 " + bars,  # against the C sharp of the tenor
            "F#4.4 E4.6 F#4.6 E4.6 F#4.6 E4.6 F#4.6 E4.2 F#4.6",
            "D4.4 C#4.6 D4.6 C#4.6 D4.6 C#4.6 D4.6 C#4.2 D4.6",
            "D3.4 A2.6 D3.6 A2.6 D3.6 A2.6 D3.6 A2.2 D3.6",
        ),
        key="D major",
        metre="6/8",
    )
    found = faults(jig, jig.spelling)
    assert ("chromatic-clash", 1, 4) in found
    syncopated = {bar for rule, bar, _ in found if rule == "syncopation"}
    assert {2, 3} <= syncopated
