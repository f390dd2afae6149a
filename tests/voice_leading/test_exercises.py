"""Textbook exercises: correct ones break no rule, faulty ones those that they break."""

from __future__ import annotations

import pytest
from textbook_exercises import CORRECT, FAULTY, Exercise

from chorale.utils.arrays import IntArray
from chorale.voice_leading.checking import check
from chorale.voice_leading.rules import RULES


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
    expected = {fault for fault in exercise.faults if fault[0] in RULES}
    assert faults(exercise, exercise.spelling) == expected
    assert faults(exercise, None) == expected


def test_there_are_ten_of_each() -> None:
    assert len(CORRECT) >= 10
    assert len(FAULTY) >= 10
    assert len({exercise.name for exercise in (*CORRECT, *FAULTY)}) == len(
        CORRECT
    ) + len(FAULTY)
