"""What the page computes by itself is what the package computes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from elements import open_blank
from playwright.sync_api import Page

from chorale.formats.audio import REPEAT_GAP
from chorale.formats.reading import FASTEST, SLOWEST
from chorale.formats.timbres import TABLE, TIMBRES
from chorale.music.keys import MOST_SHARPS, Key
from chorale.music.metre import Metre
from chorale.music.score import FERMATA_TEMPO
from chorale.music.spelling import Spelling, diatonic_numbers
from chorale.music.voices import INSTRUMENTS

PITCHES = np.arange(24, 97)
SIGNS = {-2: "♭♭", -1: "♭", 0: "", 1: "♯", 2: "♯♯"}


def computed(page: Page, module: str, expression: str, argument: object = None) -> Any:
    """Return the value of an expression of a module of the page."""
    open_blank(page)
    code = f"""async (given) => {{
      const module = await import("/page/{module}");
      return JSON.stringify({expression});
    }}"""
    return json.loads(page.evaluate(code, argument))


@pytest.mark.parametrize("instrument", TIMBRES)
def test_instruments_sound_as_in_wav_files(page: Page, instrument: str) -> None:
    timbre = TIMBRES[instrument]
    pitches = [36, 47, 60, 69, 81, 96]
    found = computed(
        page,
        "timbres.js",
        """{ timbre: module.TIMBRES[given.instrument],
          ensemble: module.ensembleOf(module.TIMBRES[given.instrument])
            .map(({ cents, loudness }) => [cents, loudness]),
          waves: given.pitches.map((pitch) =>
            module.wavesOf(module.TIMBRES[given.instrument], pitch)
              .map(({ amplitudes, decay }) => [[...amplitudes], decay])) }""",
        {"instrument": instrument, "pitches": pitches},
    )
    for field in ("attack", "release", "decay", "players", "detuning", "vibrato"):
        default = {"players": 1, "decay": None}.get(field, 0)
        assert found["timbre"].get(field, default) == getattr(timbre, field), field
    if timbre.vibrato:
        assert found["timbre"]["rate"] == timbre.rate
    assert found["ensemble"] == [pytest.approx(part) for part in timbre.ensemble()]
    for pitch, waves in zip(pitches, found["waves"], strict=True):
        bands = timbre.bands(pitch)
        assert len(waves) == len(bands)
        for (amplitudes, decay), (period, expected_decay) in zip(
            waves, bands, strict=True
        ):
            expected = 2 * np.abs(np.fft.rfft(period)) / TABLE
            assert amplitudes == pytest.approx(
                expected[: len(amplitudes)], rel=1e-4, abs=1e-6
            )
            assert expected[len(amplitudes) :].max() < 1e-9
            assert decay == pytest.approx(expected_decay)


def test_tempi_and_gaps_are_those_of_the_files(page: Page) -> None:
    assert computed(page, "timeline.js", "module.FERMATA_TEMPO") == FERMATA_TEMPO
    assert computed(page, "schedule.js", "module.REPEAT_GAP") == REPEAT_GAP
    limits = computed(page, "player.js", "[module.SLOWEST, module.FASTEST]")
    assert limits == [SLOWEST, FASTEST]


def test_instruments_are_those_of_the_command_line(page: Page) -> None:
    assert set(computed(page, "timbres.js", "module.INSTRUMENTS")) == set(INSTRUMENTS)


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_pitches_are_spelled_as_in_the_package(page: Page, mode: str) -> None:
    keys = [
        Key.from_fifths(fifths, mode) for fifths in range(-MOST_SHARPS, MOST_SHARPS + 1)
    ]
    found = computed(
        page,
        "pitches.js",
        """given.keys.map((key) => {
          const fifths = module.fifthsOf(key);
          const name = (pitch) => module.pitchName(pitch, fifths);
          return [fifths, given.pitches.map(name)];
        })""",
        {"keys": [key.name for key in keys], "pitches": PITCHES.tolist()},
    )
    for key, (fifths, names) in zip(keys, found, strict=True):
        assert fifths == key.fifths, key.name
        numbers = diatonic_numbers(PITCHES, key)
        expected = [
            Spelling.of(int(pitch), int(number))
            for pitch, number in zip(PITCHES, numbers, strict=True)
        ]
        assert names == [
            f"{note.letter}{SIGNS[note.alter]}{note.octave}" for note in expected
        ], key.name


def test_bars_and_beats_are_as_long_as_in_the_package(page: Page) -> None:
    metres = [
        Metre(numerator, denominator)
        for numerator in range(1, 13)
        for denominator in (1, 2, 4, 8, 16)
    ]
    found = computed(
        page,
        "timeline.js",
        """given.map(([numerator, denominator]) =>
          module.metreLengths({ numerator, denominator }))""",
        [[metre.numerator, metre.denominator] for metre in metres],
    )
    assert found == [
        {"bar": metre.bar_length, "beat": metre.beat_length} for metre in metres
    ]
