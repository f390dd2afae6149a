"""WAV files: instruments by additive synthesis, without samples or soundfonts.

The voices are panned, and a synthetic room adds reverberation. The sound is made in
blocks, so the length of a piece does not matter for the memory.
"""

from __future__ import annotations

import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from chorale.errors import OutputError
from chorale.formats.timbres import TABLE, Timbre, frequency_of, timbre_of
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.utils.arrays import Float64Array, FloatArray, IntArray
from chorale.utils.files import replacing

SAMPLE_RATE = 44_100  # samples per second
TAIL = 1.8  # seconds of reverberation after the last note
PEAK = 0.85  # of full scale

REPEAT_GAP = 0.07  # seconds of silence before a repeated note
_PANS = (0.42, 0.62, 0.38, 0.55)  # of the voices, 0 = left, 1 = right
_VIBRATO_DELAY = 0.35  # seconds in which it grows
# Reverberation: length and time constant of the decay in seconds, and amplitude.
_REVERB_SECONDS, _REVERB_DECAY, _REVERB_SHARE = 1.5, 0.28, 0.3
_RESPONSE = round(_REVERB_SECONDS * SAMPLE_RATE)  # samples
_TRANSFORM = 1 << 18  # samples of a Fourier transform
_BLOCK = _TRANSFORM - _RESPONSE + 1  # samples that it convolves without wrapping
_IN_MEMORY = 1 << 24  # bytes of sound, 45 seconds; more is kept on the disk
_MOST_BYTES = 2**32 - 100  # of a WAV file
# Notes of a pitch begin alike. Their sound is kept in pieces of so many samples, for
# the notes that follow: the pieces used last, together at most 64 MiB.
_PIECE, _PIECES = 1 << 14, 512


def write_wav(chorale: Chorale, path: Path | str, *, instrument: str = "choir") -> None:
    """Write a recording as `render` makes it: 16 bits, stereo, 44.1 kHz.

    Raises:
        UsageError: there is no such instrument.
        OutputError: the file cannot be written, or the piece is too long for it.
    """
    timbre = timbre_of(instrument)
    frames = int(_edges(chorale)[-1]) + round(TAIL * SAMPLE_RATE)
    if 4 * frames > _MOST_BYTES:
        most, hours = (n / SAMPLE_RATE / 3600 for n in (_MOST_BYTES / 4, frames))
        raise OutputError(
            f"{path}: expected at most {most:.1f} hours of sound in a WAV file, got "
            f"{hours:.1f}"
        )
    with (
        replacing(path) as temporary,
        tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(temporary.parent)) as spool,
        # Opened here, because wave does not clean up after a file that it cannot open.
        temporary.open("wb") as stream,
        wave.open(stream, "wb") as file,
    ):
        loudest = 0.0
        for block in _blocks(chorale, timbre):
            loudest = max(loudest, float(np.abs(block).max()))
            spool.write(block.T.astype(np.float32).tobytes())
        spool.seek(0)
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.setnframes(frames)
        for samples in _read(spool):
            scaled = np.round(samples * (32_767 * _gain(loudest)))
            file.writeframesraw(scaled.astype("<i2").tobytes())


def render(chorale: Chorale, instrument: str = "choir") -> FloatArray:
    """Synthesize a chorale, slower under fermatas.

    Returns:
        float array (samples, 2), left and right, from -1 to 1, at `SAMPLE_RATE`,
        normalized to `PEAK`; silence stays silence.

    Raises:
        UsageError: there is no such instrument.
    """
    blocks = [block.T for block in _blocks(chorale, timbre_of(instrument))]
    sound = np.concatenate(blocks).astype(np.float32)
    return sound * np.float32(_gain(float(np.abs(sound).max())))


def _gain(loudest: float) -> float:
    return PEAK / loudest if loudest else 1.0


def _read(spool: IO[bytes]) -> Iterator[FloatArray]:
    """Yield the samples of a file of floats in blocks."""
    while data := spool.read(4 * _BLOCK):
        yield np.frombuffer(data, np.float32)


def _edges(chorale: Chorale) -> IntArray:
    """Return the first sample of each step, and the sample after the last."""
    seconds = 60.0 / STEPS_PER_QUARTER / chorale.step_tempos()
    times = np.concatenate([[0.0], np.cumsum(seconds)])
    return np.round(times * SAMPLE_RATE).astype(np.int64)


# === Blocks ===


def _blocks(chorale: Chorale, timbre: Timbre) -> Iterator[Float64Array]:
    """Yield the sound in blocks, float arrays (2, samples), not normalized."""
    edges = _edges(chorale)
    length = int(edges[-1]) + round(TAIL * SAMPLE_RATE)
    voices = [_events(chorale, voice, edges, timbre) for voice in range(len(_PANS))]
    room, echo = _room(), np.zeros((2, _RESPONSE - 1))
    for begin in range(0, length, _BLOCK):
        dry = np.zeros((2, min(_BLOCK, length - begin)))
        size = dry.shape[1]
        for events, pan in zip(voices, _PANS, strict=True):
            line = _line(events, begin, size, timbre)
            dry[0] += np.cos(pan * np.pi / 2) * line
            dry[1] += np.sin(pan * np.pi / 2) * line
        wet = np.fft.irfft(np.fft.rfft(dry, _TRANSFORM) * room, _TRANSFORM)
        wet[:, : _RESPONSE - 1] += echo
        echo = wet[:, size : size + _RESPONSE - 1].copy()
        yield dry + _REVERB_SHARE * wet[:, :size]


@dataclass(frozen=True, slots=True)
class _Event:
    """A note of one voice: its pitch, its samples, and until when it fades."""

    pitch: int
    start: int
    end: int
    stop: int


def _events(
    chorale: Chorale, voice: int, edges: IntArray, timbre: Timbre
) -> list[_Event]:
    """Return the notes of a voice in samples, the last first."""
    notes = chorale.notes(voice)
    release = round(timbre.release * SAMPLE_RATE)
    events = []
    for note, after in zip(notes, [*notes, None][1:], strict=True):
        start, end = int(edges[note.start]), int(edges[note.end])
        if after is not None and after[:2] == (note.pitch, note.end):
            # A repeated note needs an audible gap, at most half of the note before it.
            end -= min(round(REPEAT_GAP * SAMPLE_RATE), (end - start) // 2)
        events.append(_Event(note.pitch, start, end, end + release))
    return events[::-1]


def _line(events: list[_Event], begin: int, size: int, timbre: Timbre) -> Float64Array:
    """Return one voice from a sample on, float array (size,); drop the notes before."""
    line = np.zeros(size)
    while events and events[-1].stop <= begin:
        events.pop()
    for event in reversed(events):
        if event.start >= begin + size:
            break
        first, last = max(event.start, begin), min(event.stop, begin + size)
        line[first - begin : last - begin] += _play(
            event, first - event.start, last - event.start, timbre
        )
    return line


def _play(event: _Event, first: int, last: int, timbre: Timbre) -> Float64Array:
    """Return a part of a note, between two samples counted from its beginning."""
    sound = _sustain(timbre, event.pitch, first, last)
    attack = round(timbre.attack * SAMPLE_RATE)
    attack = min(attack, max((event.end - event.start) // 2, 1))
    rise = _rise(attack)[first:last]
    sound[: len(rise)] *= rise
    length = event.stop - event.start
    fall = _rise(event.stop - event.end)[length - last + 1 : length - first + 1]
    sound[len(sound) - len(fall) :] *= fall[::-1]
    return sound


@lru_cache(maxsize=16)
def _rise(length: int) -> Float64Array:
    """Return a raised cosine from 0 at sample 0 to 1 at sample `length`, (length,)."""
    rise: Float64Array = 0.5 - 0.5 * np.cos(np.pi / length * np.arange(length))
    return rise


# === A note without beginning and end ===


def _sustain(timbre: Timbre, pitch: int, first: int, last: int) -> Float64Array:
    """Return a part of a note that does not fade, between two samples."""
    numbers = range(first // _PIECE, -(-last // _PIECE))
    sound = np.concatenate([_piece(timbre, pitch, number) for number in numbers])
    begin = numbers.start * _PIECE
    return sound[first - begin : last - begin]


@lru_cache(maxsize=_PIECES)
def _piece(timbre: Timbre, pitch: int, number: int) -> Float64Array:
    """Return a piece of the sound of all notes of a pitch, float array (_PIECE,)."""
    samples = np.arange(number * _PIECE, (number + 1) * _PIECE)
    seconds = samples / SAMPLE_RATE
    sound = np.zeros(_PIECE)
    bands = timbre.bands(pitch)
    for player, (cents, loudness) in enumerate(timbre.ensemble()):
        # Players begin at different places of the waveform.
        frequency = frequency_of(pitch) * 2.0 ** (cents / 1200)
        phase = frequency * seconds + 0.37 * player
        if timbre.vibrato:
            phase += _vibrato(frequency, samples, timbre, player)
        place = (phase * TABLE).astype(np.int64) & (TABLE - 1)
        for table, decay in bands:
            heard = table[place]
            if decay is not None:
                heard = heard * np.exp(-seconds / decay)
            sound += loudness * heard
    return sound


def _vibrato(
    frequency: float, samples: IntArray, timbre: Timbre, player: int
) -> Float64Array:
    """Return the phase that vibrato adds, in periods; it begins with the note."""
    rate = timbre.rate * (1 + 0.06 * player)
    depth = frequency * (2.0 ** (timbre.vibrato / 1200) - 1) / (2 * np.pi * rate)
    angle = samples * (2 * np.pi * rate / SAMPLE_RATE) + 2.0 * player
    vibrato: Float64Array = depth * np.sin(angle)
    grown = _rise(round(_VIBRATO_DELAY * SAMPLE_RATE))[samples[0] : samples[-1] + 1]
    vibrato[: len(grown)] *= grown
    return vibrato


# === The room ===


def _room() -> npt.NDArray[np.complex128]:
    """Return the Fourier transform of the response of a room, decaying noise."""
    noise = np.random.default_rng(0).standard_normal((2, _RESPONSE))
    seconds = np.arange(_RESPONSE) / SAMPLE_RATE
    response = noise * np.exp(-seconds / _REVERB_DECAY)
    response *= 1 - seconds / _REVERB_SECONDS
    response /= np.linalg.norm(response, axis=1, keepdims=True)
    transform: npt.NDArray[np.complex128] = np.fft.rfft(response, _TRANSFORM)
    return transform
