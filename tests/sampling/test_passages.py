"""Passages: their names, and those that are typed."""

from __future__ import annotations

import numpy as np
import pytest
from strategies import little_chorale

from chorale.errors import UsageError
from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR, VOICES, voice_named
from chorale.sampling.passages import name_of, parse_bars, passage_of

PIECE = little_chorale()


@pytest.mark.parametrize(
    ("bars", "voices", "name"),
    [
        ([2], [ALTO], "bar 2 (alto)"),
        ([1, 2, 3], [ALTO, TENOR], "bars 1-3 (alto, tenor)"),
        ([0, 2, 3], [BASS, SOPRANO], "bars 0, 2-3 (soprano, bass)"),
        ([4, 2], range(VOICES), "bars 2, 4"),
    ],
)
def test_a_passage_is_named(bars: list[int], voices: list[int], name: str) -> None:
    passage = passage_of(PIECE, bars, voices)
    assert {*PIECE.bars[passage.any(axis=1)]} == {*bars}
    assert name_of(passage, PIECE) == name


def test_bars_of_a_command() -> None:
    assert parse_bars("1, 5-8") == [1, 5, 6, 7, 8]
    with pytest.raises(UsageError, match="bars such as 5-8"):
        parse_bars("8-5")


def test_a_name_of_cells_without_a_bar_in_common() -> None:
    passage = np.zeros((64, VOICES), bool)
    passage[PIECE.bars == 1, ALTO] = passage[PIECE.bars == 3, BASS] = True
    assert name_of(passage, PIECE) == "bars 1, 3 (alto, bass)"


def test_voices_by_name() -> None:
    assert [voice_named(name) for name in ("Soprano", " alto", "TENOR", "bass")] == [
        *range(VOICES)
    ]
    with pytest.raises(UsageError, match="out of soprano, alto, tenor, bass, got 'c'"):
        voice_named("c")
