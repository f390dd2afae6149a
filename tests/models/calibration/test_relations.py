"""What a token would do in its voice."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import wide_vocabulary

from chorale.models.calibration.lines import Lines
from chorale.models.calibration.relations import NAMES, relations

HOLD = wide_vocabulary("hold")
PITCH = wide_vocabulary("pitch")


def _named(vocabulary, before: int, now: int, echo: int | None = None) -> list[str]:
    """Return the relation of every token; notes are MIDI, echoes are marked."""
    last, stands = ([vocabulary.token(note)] for note in (before, now))
    lines = Lines(
        np.array([stands]),
        np.ones((1, 1), int),
        np.array([[last * 3]]),
        np.ones(1, int),
    )
    ((found,),) = relations(
        lines, np.array([[echo or 0]]), np.array([echo is not None]), vocabulary
    )
    names = [*NAMES, *(f"{name}, as the echo" for name in NAMES)]
    return [names[number] for number in found]


@pytest.mark.parametrize(
    ("note", "name"),
    [
        (62, "strike again"),
        (60, "return"),
        (63, "step onwards"),
        (64, "step onwards"),
        (61, "step otherwise"),
        (65, "third onwards"),
        (58, "third otherwise"),
        (67, "leap onwards"),
        (55, "leap otherwise"),
        (72, "wide leap onwards"),
        (50, "wide leap otherwise"),
        (0, "fall silent or enter"),
    ],
)
def test_relations_to_a_note_that_was_reached_by_a_step_up(note, name) -> None:
    assert _named(HOLD, 60, 62)[HOLD.token(note)] == name


def test_staying_is_to_hold_or_where_there_is_no_hold_the_note() -> None:
    assert _named(HOLD, 60, 62)[HOLD.hold] == "stay"
    found = _named(PITCH, 60, 62)
    assert found[PITCH.token(62)] == "stay"
    assert "strike again" not in found
    assert _named(HOLD, 60, 0)[0] == _named(PITCH, 60, 0)[0] == "stay"


def test_every_note_enters_after_silence() -> None:
    assert set(_named(PITCH, 60, 0)[1:]) == {"fall silent or enter"}


def test_relations_are_the_same_in_every_key() -> None:
    here, there = _named(HOLD, 60, 62), _named(HOLD, 63, 65)
    low, high = HOLD.token(55), HOLD.token(70)
    assert here[low:high] == there[low + 3 : high + 3]


def test_the_echo_is_marked() -> None:
    token = HOLD.token(60)
    found, without = _named(HOLD, 60, 62, token), _named(HOLD, 60, 62)
    assert found[token] == "return, as the echo"
    assert (
        found[:token] == without[:token] and found[token + 1 :] == without[token + 1 :]
    )
