"""Lyrics: syllables that stay with their notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from strategies import little_chorale

from chorale.music.lyrics import Lyric, sung, syllabics
from chorale.music.melody import melody_of
from chorale.music.score import Chorale
from chorale.music.voices import BASS


def words(chorale: Chorale) -> list[tuple[int, str]]:
    return [(lyric.step, lyric.text) for lyric in chorale.lyrics]


LYRICS = (
    Lyric(step=8, voice=0, text="mücke", joined=False),
    Lyric(step=4, voice=0, text="Sch", joined=True),
    Lyric(step=4, voice=BASS, text="Bass"),
)


def test_lyrics_are_labels_and_in_order() -> None:
    chorale = little_chorale(lyrics=LYRICS)
    assert chorale == little_chorale()
    assert words(chorale) == [(4, "Sch"), (4, "Bass"), (8, "mücke")]


def test_an_excerpt_has_its_own_lyrics() -> None:
    chorale = little_chorale(lyrics=LYRICS)
    assert words(chorale.excerpt(4, 8)) == [(0, "Sch"), (0, "Bass")]
    assert words(chorale.excerpt(8, 64)) == [(0, "mücke")]
    assert words(chorale.transpose(3)) == words(chorale)


def test_a_melody_has_those_of_its_voice() -> None:
    chorale = little_chorale(lyrics=LYRICS)
    assert words(melody_of(chorale).chorale) == [(4, "Sch"), (8, "mücke")]
    assert words(melody_of(chorale, BASS).chorale) == [(4, "Bass")]


def test_lyrics_without_a_note_are_not_sung() -> None:
    onsets = np.zeros((6, 4), bool)
    onsets[4, 0] = True
    assert sung(LYRICS, onsets) == (LYRICS[1],)


def test_places_in_words_by_voice_and_verse() -> None:
    second = [replace(lyric, verse=2, joined=False) for lyric in LYRICS]
    places = [(lyric.text, place) for lyric, place in syllabics([*LYRICS, *second])]
    assert places == [
        ("Sch", "begin"),
        ("Sch", "single"),
        ("Bass", "single"),
        ("Bass", "single"),
        ("mücke", "end"),
        ("mücke", "single"),
    ]
    line = [Lyric(step=step, voice=0, text="a", joined=step < 2) for step in range(4)]
    assert [place for _, place in syllabics(line)] == [
        "begin",
        "middle",
        "end",
        "single",
    ]
