"""Verovio: threads, silence, what happens without it."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from bach import few_chorales
from strategies import little_chorale

from chorale.errors import ChoraleError, MissingExtraError
from chorale.formats.engraving import engrave
from chorale.formats.engraving.toolkit import render_mei


def test_threads_get_their_own_scores() -> None:
    pieces = few_chorales().train[:6]
    expected = [engrave(piece) for piece in pieces]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(engrave, pieces * 2)) == expected * 2


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    engrave(little_chorale())
    with pytest.raises(ChoraleError, match="cannot engrave"):
        render_mei("<nothing", {})
    assert capfd.readouterr() == ("", "")


def test_without_verovio_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "verovio", None)
    with pytest.raises(MissingExtraError, match=r"\[score\]"):
        engrave(little_chorale())
