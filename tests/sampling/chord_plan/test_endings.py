"""Endings of phrases by the chords of a plan."""

from __future__ import annotations

import pytest

from chorale.music.keys import Key
from chorale.sampling.asked_plan import Ending
from chorale.sampling.chord_plan.beats import (
    ARRIVAL,
    BEFORE,
    BEGINNING,
    HELD,
    STEP_ON,
    Beat,
    SungNote,
)
from chorale.sampling.chord_plan.chords import chord_named
from chorale.sampling.chord_plan.endings import endings_of

C_MAJOR, G_MAJOR, A_MINOR = Key("C", "major"), Key("G", "major"), Key("A", "minor")


@pytest.mark.parametrize(
    ("chords", "soprano", "ending"),
    [
        ("I V I", 72, Ending(C_MAJOR, "PAC")),
        ("I V I", 76, Ending(C_MAJOR, "IAC")),
        ("I V6 I", 72, Ending(C_MAJOR)),
        ("I V I6", 72, Ending(C_MAJOR)),
        ("V V I", 72, Ending(C_MAJOR, "PAC")),
        ("V I I", 72, Ending(C_MAJOR)),
        ("V I6 I", 72, Ending(C_MAJOR)),
        ("I IV I", 72, Ending(C_MAJOR)),
        ("IV I V", 74, Ending(C_MAJOR, "HC")),
        ("I ii V6", 74, Ending(C_MAJOR)),
        ("I II V", 67, Ending(G_MAJOR, "PAC")),
        ("ii III vi", 72, Ending(A_MINOR, "IAC")),
        ("I vii°6 I", 72, Ending(C_MAJOR)),
        ("I V vi", 72, Ending(C_MAJOR)),
    ],
)
def test_a_phrase_ends_as_its_chords_do(
    chords: str, soprano: int, ending: Ending
) -> None:
    named = [chord_named(name) for name in chords.split()]
    beats = [
        Beat(4 * index, place, (SungNote(4 * index, soprano, STEP_ON),), False)
        for index, place in enumerate((BEGINNING, BEFORE, ARRIVAL))
    ]
    assert endings_of(beats, named, C_MAJOR) == (ending,)


def test_a_chord_of_the_phrase_before_leads_nowhere() -> None:
    places = (BEGINNING, BEFORE, ARRIVAL, ARRIVAL)
    beats = [
        Beat(4 * index, place, (SungNote(4 * index, 72, STEP_ON),), False)
        for index, place in enumerate(places)
    ]
    chords = [chord_named(name) for name in "I ii V I".split()]
    assert endings_of(beats, chords, C_MAJOR)[1] == Ending(C_MAJOR)


def test_a_cadence_is_open_where_the_melody_rests() -> None:
    beats = [
        Beat(0, BEGINNING, (SungNote(0, 72, STEP_ON),), True),
        Beat(4, BEFORE, (SungNote(4, 71, STEP_ON),), False),
        Beat(8, ARRIVAL, (SungNote(10, 72, STEP_ON),), True),
    ]
    chords = [chord_named(name) for name in "I V I".split()]
    assert endings_of(beats, chords, C_MAJOR) == (Ending(C_MAJOR),)


def test_every_phrase_has_an_ending() -> None:
    places = (BEGINNING, BEFORE, ARRIVAL, HELD) * 2
    beats = [
        Beat(4 * index, place, (SungNote(4 * index, 72, STEP_ON),), False)
        for index, place in enumerate(places)
    ]
    chords = [chord_named(name) for name in "I V I I I IV V V".split()]
    expected = Ending(C_MAJOR, "PAC"), Ending(C_MAJOR, "HC")
    assert endings_of(beats, chords, C_MAJOR) == expected
