"""Recordings: length, level, pitch, repeated notes."""

from __future__ import annotations

import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
from strategies import little_chorale

from chorale.errors import OutputError, UsageError
from chorale.formats import audio
from chorale.formats.audio import PEAK, SAMPLE_RATE, TAIL, render, write_wav
from chorale.formats.timbres import TIMBRES, timbre_of
from chorale.music.score import FERMATA_TEMPO, Chorale, Note
from chorale.music.voices import INSTRUMENTS


def solo(*notes: Note, steps: int = 16, tempo: float = 120.0) -> Chorale:
    """Return a chorale of which only the tenor sings; a step is an eighth second."""
    return Chorale.from_notes([[], [], list(notes), []], steps, tempo=tempo)


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


@pytest.mark.parametrize("instrument", ["organ", "choir", "piano", "woodwinds"])
def test_nothing_is_clipped_and_nothing_jumps(instrument: str) -> None:
    sound = render(little_chorale(), instrument)
    assert np.abs(sound).max() == pytest.approx(PEAK)
    # A click is a jump of the size of the sound; its own waves rise gently.
    assert np.abs(np.diff(sound, axis=0, prepend=0)).max() < 0.2
    assert np.abs(sound[[0, -1]]).max() < 1e-6


@pytest.mark.parametrize("instrument", TIMBRES)
def test_notes_begin_and_end_without_a_click(instrument: str) -> None:
    sound = render(solo(Note(60, 2, 4), Note(67, 10, 4)), instrument)
    steps = np.abs(np.diff(sound, axis=0, prepend=0)).max(axis=1)
    release = timbre_of(instrument).release
    # A fade begins and ends at zero, so a note does not jump there.
    for edge in (0.25, 1.25, 0.75 + release, 1.75 + release):
        sample = round(edge * SAMPLE_RATE)
        assert steps[sample - 4 : sample + 4].max() < 0.02
    # Where the release begins, steps are no larger than they were in the note.
    for edge in (0.75, 1.75):
        sample = round(edge * SAMPLE_RATE)
        before = steps[sample - 2000 : sample - 10].max()
        assert steps[sample - 10 : sample + 2000].max() < 1.2 * before


@pytest.mark.parametrize("pitch", [45, 60, 69, 81])
def test_a_note_sounds_at_its_pitch(pitch: int) -> None:
    sound = render(solo(Note(pitch, 0, 16)), "organ")[: 2 * SAMPLE_RATE].sum(axis=1)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    loudest = spectrum.argmax() * SAMPLE_RATE / len(sound)
    assert loudest == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=0.5)


def test_a_repeated_note_is_struck_again_and_a_held_one_is_not() -> None:
    held = render(solo(Note(60, 0, 16)), "organ")
    struck = render(solo(Note(60, 0, 8), Note(60, 8, 8)), "organ")
    moved = render(solo(Note(60, 0, 8), Note(62, 8, 8)), "organ")
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


# === Instruments ===


def bands(instrument: str) -> np.ndarray:
    """Return the level of a held note in each octave in dB, the loudest 0."""
    sound = render(solo(Note(57, 0, 16)), instrument).sum(axis=1)[: 2 * SAMPLE_RATE]
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    edges = 160.0 * 2.0 ** np.arange(7)
    inside = [
        power[(frequencies >= low) & (frequencies < 2 * low)].sum() for low in edges
    ]
    return 10 * np.log10(np.array(inside) / max(inside))


def test_every_instrument_has_a_timbre_of_its_own() -> None:
    assert set(TIMBRES) == set(INSTRUMENTS)
    spectra = {name: bands(name) for name in TIMBRES}
    names = sorted(spectra)
    for number, name in enumerate(names):
        for other in names[number + 1 :]:
            difference = np.abs(spectra[name] - spectra[other]).mean()
            assert difference > 1.5, (name, other, difference)
    with pytest.raises(UsageError, match="expected an instrument"):
        render(solo(Note(60, 0, 4)), "kazoo")


def test_a_piano_decays_and_an_organ_does_not() -> None:
    note = solo(Note(60, 0, 24), steps=24)
    for name, low, high in (
        *(("piano", 0.02, 0.3), ("harpsichord", 0.0, 0.1)),
        *(("organ", 0.9, 1.1), ("brass", 0.9, 1.1)),
    ):
        sound = render(note, name)
        assert low < loudness(sound, 2.5) / loudness(sound, 0.3) < high


def test_strings_and_choir_begin_slowly_a_piano_at_once() -> None:
    shares = {}
    for name in ("piano", "organ", "choir", "strings"):
        sound = render(solo(Note(60, 0, 16)), name)
        shares[name] = loudness(sound, 0.03) / loudness(sound, 0.3, 0.2)
    assert shares["strings"] < 0.3 < shares["organ"] < shares["piano"]
    assert shares["choir"] < 0.7


def test_strings_and_choir_are_ensembles_with_vibrato() -> None:
    def trembling(name: str) -> float:
        sound = render(solo(Note(69, 0, 32), steps=32), name)
        levels = [loudness(sound, seconds, 0.1) for seconds in np.arange(1, 3.8, 0.1)]
        return float(np.std(levels) / np.mean(levels))

    assert trembling("organ") < 0.03
    assert 0.05 < trembling("choir") < 0.5
    assert 0.05 < trembling("strings") < 0.5


def test_the_vowel_of_a_choir_stays_where_it_is() -> None:
    # Formants are fixed: of any low note the harmonics near 700 Hz are the strongest.
    for pitch in (45, 48, 52):
        sound = render(solo(Note(pitch, 0, 16)), "choir")[: 2 * SAMPLE_RATE].sum(axis=1)
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        frequencies = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
        near = (frequencies > 550) & (frequencies < 850)
        assert power[near].sum() > 0.4 * power.sum()


def test_the_recording_has_the_instrument(tmp_path: Path) -> None:
    for name in ("choir", "organ"):
        write_wav(little_chorale(), tmp_path / f"{name}.wav", instrument=name)
        with wave.open(str(tmp_path / f"{name}.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        expected = render(little_chorale(), name)
        assert np.allclose(samples.reshape(-1, 2) / 32_767, expected, atol=2e-5)


# === Length ===


def test_blocks_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    chorale = little_chorale()
    for name in ("choir", "piano"):
        whole = render(chorale, name)
        with monkeypatch.context() as patch:
            patch.setattr(audio, "_BLOCK", 20_011)
            assert np.allclose(render(chorale, name), whole, atol=1e-6)


@pytest.mark.parametrize("name", ["choir", "piano"])
def test_pieces_of_notes_leave_no_trace(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chorale = solo(Note(60, 1, 9), Note(60, 10, 2), Note(67, 12, 4))
    whole = render(chorale, name)
    monkeypatch.setattr(audio, "_PIECE", 1009)
    audio._piece.cache_clear()
    try:
        assert np.allclose(render(chorale, name), whole, atol=1e-6)
    finally:
        audio._piece.cache_clear()


def test_the_sound_of_a_pitch_is_made_once_and_not_kept_without_end() -> None:
    audio._piece.cache_clear()
    render(solo(*(Note(60, 2 * n, 2) for n in range(40)), steps=80))
    once = audio._piece.cache_info().misses
    render(solo(*(Note(60, 2 * n, 2) for n in range(160)), steps=320))
    assert audio._piece.cache_info().misses == once
    assert audio._piece.cache_info().maxsize * audio._PIECE * 8 <= 64 << 20


def test_the_memory_does_not_grow_with_the_piece(tmp_path: Path) -> None:
    chorale = solo(*(Note(60, 8 * n, 8) for n in range(300)), steps=2400)
    tracemalloc.start()
    write_wav(chorale, tmp_path / "long.wav", instrument="organ")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "long.wav").stat().st_size > 50_000_000
    assert peak < 60_000_000


def test_more_than_a_file_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"at most 6\.8 hours .* got 55\.6"):
        write_wav(solo(steps=80_000, tempo=6.0), tmp_path / "endless.wav")
    assert not list(tmp_path.iterdir())


def test_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_wav(solo(Note(60, 0, 8)), tmp_path / name)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_unwritable_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write it"):
        write_wav(solo(Note(60, 0, 8)), tmp_path / "file" / "a.wav")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
