"""Recordings: length, level, pitch, repeated notes."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from strategies import little_chorale

from chorale.errors import OutputError
from chorale.formats.audio import PEAK, SAMPLE_RATE, TAIL, render, write_wav
from chorale.music.score import FERMATA_TEMPO, Chorale, Note


def solo(*notes: Note, steps: int = 16) -> Chorale:
    """Return a chorale of which only the tenor sings; a step is an eighth second."""
    return Chorale.from_notes([[], [], list(notes), []], steps, tempo=120.0)


def loudness(sound: np.ndarray, seconds: float, width: float = 0.02) -> float:
    """Return the root mean square around a time."""
    start = round((seconds - width / 2) * SAMPLE_RATE)
    return float(
        np.sqrt((sound[start : start + round(width * SAMPLE_RATE)] ** 2).mean())
    )


def test_it_lasts_as_long_as_the_tempo_and_the_fermatas_say() -> None:
    chorale = little_chorale(tempo=60.0)
    sound = render(chorale)
    slow = int(chorale.fermatas.sum())
    seconds = 0.25 * (chorale.steps - slow + slow / FERMATA_TEMPO) + TAIL
    assert sound.shape == (round(seconds * SAMPLE_RATE), 2)
    assert sound.dtype == np.float32


def test_nothing_is_clipped_and_nothing_jumps() -> None:
    sound = render(little_chorale())
    assert np.abs(sound).max() == pytest.approx(PEAK)
    # A click is a jump of the size of the sound; its own waves rise gently.
    assert np.abs(np.diff(sound, axis=0, prepend=0)).max() < 0.15
    assert np.abs(sound[[0, -1]]).max() < 1e-6


def test_notes_begin_and_end_without_a_click() -> None:
    sound = render(solo(Note(60, 2, 4), Note(67, 6, 4)))
    steepest = np.abs(np.diff(sound, axis=0)).max(axis=1)
    held = steepest[round(0.4 * SAMPLE_RATE) : round(0.6 * SAMPLE_RATE)].max()
    for edge in (0.25, 0.75, 1.25):
        around = slice(
            round((edge - 0.01) * SAMPLE_RATE), round((edge + 0.15) * SAMPLE_RATE)
        )
        # The fifth above rises half as steep again.
        assert steepest[around].max() < 1.8 * held


@pytest.mark.parametrize("pitch", [45, 60, 69, 81])
def test_a_note_sounds_at_its_pitch(pitch: int) -> None:
    sound = render(solo(Note(pitch, 0, 16)))[: 2 * SAMPLE_RATE].sum(axis=1)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    loudest = spectrum.argmax() * SAMPLE_RATE / len(sound)
    assert loudest == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=0.5)


def test_a_repeated_note_is_struck_again_and_a_held_one_is_not() -> None:
    held = render(solo(Note(60, 0, 16)))
    struck = render(solo(Note(60, 0, 8), Note(60, 8, 8)))
    moved = render(solo(Note(60, 0, 8), Note(62, 8, 8)))
    for sound in (held, moved):
        assert loudness(sound, 1.0) > 0.5 * loudness(sound, 0.7)
    assert loudness(struck, 1.0) < 0.35 * loudness(struck, 0.7)
    assert loudness(struck, 1.1) > 0.8 * loudness(struck, 0.7)


def test_a_voice_is_silent_where_it_rests() -> None:
    sound = render(solo(Note(60, 0, 4), steps=32))
    assert loudness(sound, 3.0) < 0.01 * loudness(sound, 0.3)


def test_silence_stays_silence() -> None:
    assert not render(solo()).any()


def test_the_wave_module_reads_the_file(tmp_path: Path) -> None:
    chorale = little_chorale()
    write_wav(chorale, tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert file.getparams()[:3] == (2, 2, 44_100)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.allclose(samples.reshape(-1, 2) / 32_767, render(chorale), atol=2e-5)


def test_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_wav(solo(Note(60, 0, 8)), tmp_path / name)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write it"):
        write_wav(solo(Note(60, 0, 8)), tmp_path / "file" / "a.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
