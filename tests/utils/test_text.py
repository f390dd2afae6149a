"""Words and lists for messages, and text in ASCII."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.utils.text import counted, listed, percent, to_ascii


def test_counted_nouns() -> None:
    assert counted(1, "note") == "1 note"
    assert counted(0, "note") == "0 notes"
    assert counted(1200, "note") == "1,200 notes"


def test_shares_are_in_whole_percent() -> None:
    assert [percent(share) for share in (0, 0.456, 1)] == ["0 %", "46 %", "100 %"]


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([2], "2"),
        (["alto", "bass"], "alto and bass"),
        (iter([2, 5, 7]), "2, 5 and 7"),
        ({"MIDI": 1, "ABC": 2, "CSV": 3}, "MIDI, ABC and CSV"),
    ],
)
def test_a_list_in_a_sentence(items: object, words: str) -> None:
    assert listed(items) == words


def test_the_last_word_may_be_another() -> None:
    assert listed(["MIDI", "ABC", "CSV"], last="or") == "MIDI, ABC or CSV"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Schmücke dich, o liebe Seele", "Schmuecke dich, o liebe Seele"),
        ("Großer Gott, wir loben dich", "Grosser Gott, wir loben dich"),
        ("O Jesulein süß", "O Jesulein suess"),
        ("Dieu, nous avons vu ta gloire — été", "Dieu, nous avons vu ta gloire - ete"),
        ("Bóg się rodzi, Łódź", "Bog sie rodzi, Lodz"),
        ("D\u2019où viens-tu", "D'ou viens-tu"),
        ("聖歌", ""),
        ("Nun\ndanket\x00 alle", "Nun danket alle"),
        ("Ach, 聖歌", "Ach"),
    ],
)
def test_text_in_ascii(text: str, plain: str) -> None:
    assert to_ascii(text) == plain


@given(st.text(max_size=40))
def test_any_text_becomes_printable_ascii_once(text: str) -> None:
    plain = to_ascii(text)
    assert plain.isascii() and (plain.isprintable() or not plain)
    assert to_ascii(plain) == plain


def test_signs_at_the_ends_are_those_that_are_named() -> None:
    assert to_ascii("- Süß, -") == "Suess"
    assert to_ascii(",süß -", " -") == ",suess"
