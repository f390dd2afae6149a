"""Forms and cadences in words."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.form import ALL_VOICES, MELODY_ONLY, Phrases, Repeat
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.sampling.asked_plan import (
    Ending,
    Outline,
    asked_endings,
    with_asked_form,
)

G_MAJOR = Key("G", "major")


def plan(*lengths: int, key: Key | None = G_MAJOR) -> Plan:
    """Return a plan in 4/4 of phrases of some lengths in steps."""
    fermatas = np.zeros(sum(lengths), np.bool_)
    for end in np.cumsum(lengths):
        fermatas[end - 4 : end] = True
    pitches = np.full((len(fermatas), VOICES), 60)
    return Plan.of(Chorale(pitches=pitches, fermatas=fermatas, key=key))


BAR_FORM = plan(32, 48, 32, 48, 64, 32)


def test_nothing_is_repeated_if_that_is_asked_for() -> None:
    of, form = with_asked_form(BAR_FORM, "none")
    assert of is BAR_FORM and form.repeats == ()


def test_bar_form_repeats_two_phrases_if_it_can() -> None:
    of, form = with_asked_form(BAR_FORM, "aab")
    assert of is BAR_FORM
    assert form.repeats == (Repeat(start=80, end=160, source=0),)
    _, form = with_asked_form(plan(32, 32, 32, 32, 32, 32, 32), "aab")
    assert form.repeats[0].end == 128


def test_for_bar_form_fermatas_are_moved_and_the_length_stays() -> None:
    other = plan(32, 48, 48, 48, 48, 32)
    moved, form = with_asked_form(other, "aab")
    assert moved.steps == other.steps
    phrases = Phrases(moved)
    assert phrases.stollens() == [2]
    assert phrases.ends == [32, 80, 112, 160, 224, 256]
    assert form.letters(moved)[:4] == ("a", "b", "a", "b")
    assert np.array_equal(moved.fermatas[:80], other.fermatas[:80])


def test_letters_name_each_phrase() -> None:
    _, form = with_asked_form(BAR_FORM, "a b a' b c a")
    assert [(r.start, r.source) for r in form.repeats] == [(80, 0), (112, 32), (224, 0)]
    voices = [repeat.voices for repeat in form.repeats]
    assert voices == [MELODY_ONLY, ALL_VOICES, ALL_VOICES]
    assert form.letters(BAR_FORM) == ("a", "b", "a'", "b", "c", "a")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("aba", "a letter for each phrase"),
        ("", "a letter for each phrase"),
        ("a", "a letter for each phrase"),
        ("a b 3", "a letter for each phrase"),
        ("a b c", "6 letters, one for each phrase .* bars 2, 5, 7, 10, 14, 16.* got 3"),
        ("a a b c d e", "phrase 2 cannot repeat phrase 1"),
    ],
)
def test_other_words_are_refused(words: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        with_asked_form(BAR_FORM, words)


def test_a_form_without_room_is_refused() -> None:
    for of in (plan(64), plan(32, 32), plan(36, 36, 36)):
        with pytest.raises(UsageError, match="no room for --form aab"):
            with_asked_form(of, "aab")
    with pytest.raises(UsageError, match="shorter --opening"):
        with_asked_form(plan(32, 32, 32), "aab", opening=40)
    with pytest.raises(UsageError, match="cannot repeat"):
        with_asked_form(BAR_FORM, "a b a b c d", opening=84)


def test_cadences_are_read_in_the_key_of_the_piece() -> None:
    found = asked_endings(BAR_FORM, "I:PAC V:HC vi IV:plagal bVII:IAC I:DC")
    assert [str(ending) for ending in found] == [
        "G:PAC",
        "D:HC",
        "e",
        "C:plagal",
        "F:IAC",
        "G:DC",
    ]
    found = asked_endings(plan(32, 32, 32, key=Key("E", "minor")), "i III v:HC")
    assert found == (
        Ending(Key("E", "minor")),
        Ending(G_MAJOR),
        Ending(Key("B", "minor"), "HC"),
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("I:PAC", "expected 6 --cadences"),
        ("I V I V I iI", "got 'iI'"),
        ("I V I V I:", "expected 6"),
        ("I V I V I I:", "got 'I:'"),
        ("I V I V I I:none", "one of PAC, IAC, HC, DC, plagal"),
        ("I V I V I VIII", "got 'VIII'"),
        ("", "got 0"),
    ],
)
def test_other_cadences_are_refused(words: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        asked_endings(BAR_FORM, words)


def test_cadences_need_a_key() -> None:
    with pytest.raises(UsageError, match="--key"):
        asked_endings(plan(32, 32, key=None), "I I")


def test_an_outline_in_words() -> None:
    endings = (Ending(G_MAJOR), Ending(Key("E", "minor"), "HC"))
    assert Outline(("a", "b"), endings).in_words() == "phrases a b, cadences in G e:HC"
    assert Outline(("a", "a"), ()).in_words() == "phrases a a"
    assert Outline((), ()).in_words() == ""
