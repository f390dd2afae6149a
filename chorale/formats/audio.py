"""WAV files: a small organ of additive synthesis, so that hearing needs no asset.

Each pitch is a sum of sine waves, the ranks of a quiet principal chorus; the voices
stand a little apart, and the sound of a room follows.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from chorale.formats.shared import step_seconds
from chorale.music.score import Chorale, Note
from chorale.music.voices import VOICES
from chorale.utils.arrays import IntArray
from chorale.utils.files import replacing

FloatArray = npt.NDArray[np.float64]

SAMPLE_RATE = 44_100  # samples a second
TAIL = 1.6  # seconds in which the room falls silent after the last note
PEAK = 0.85  # of full scale

# Harmonic and strength of the ranks: 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'.
_RANKS = ((1, 1.0), (2, 0.5), (3, 0.22), (4, 0.2), (5, 0.05), (6, 0.06), (8, 0.05))
_HIGHEST_FREQUENCY = 14_000.0  # Hz; harmonics above it are left out
_ATTACK, _RELEASE = (
    0.03,
    0.09,
)  # seconds in which a pipe comes to speak and falls silent
_GAP = 0.07  # seconds before a repeated note in which the pipe may fall silent
_PANS = (0.42, 0.62, 0.38, 0.55)  # place of the voices, 0 = left, 1 = right
_ROOM_SECONDS, _ROOM_DECAY, _ROOM_SHARE = 1.5, 0.28, 0.3  # the echo and its strength
_ROUND = 1 << 16  # samples


def write_wav(chorale: Chorale, path: Path | str) -> None:
    """Write a recording: 16 bits, stereo, 44.1 kHz.

    Raises:
        OutputError: the file cannot be written.
    """
    samples = np.round(render(chorale) * 32_767).astype("<i2")
    # Opening the file ourselves, because wave closes badly what it cannot open.
    with (
        replacing(path) as temporary,
        temporary.open("wb") as stream,
        wave.open(stream, "wb") as file,
    ):
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())


def render(chorale: Chorale) -> npt.NDArray[np.float32]:
    """Play a chorale on the organ, slower under fermatas.

    Returns:
        float array (samples, 2), left and right, from -1 to 1, at `SAMPLE_RATE`. The
        loudest sample is at `PEAK`; silence stays silence.
    """
    times = np.concatenate([[0.0], np.cumsum(step_seconds(chorale))])
    edges = np.round(times * SAMPLE_RATE).astype(np.int64)
    length = int(edges[-1]) + round(TAIL * SAMPLE_RATE)
    sound = np.zeros((2, length))
    pipes: dict[int, FloatArray] = {}
    for voice, pan in zip(range(VOICES), _PANS, strict=True):
        line = _play(chorale.notes(voice), edges, length, pipes)
        sound[0] += np.cos(pan * np.pi / 2) * line
        sound[1] += np.sin(pan * np.pi / 2) * line
    sound += _ROOM_SHARE * _room(sound)
    loudest = np.abs(sound).max()
    if loudest:
        sound *= PEAK / loudest
    return sound.T.astype(np.float32)


def _play(
    notes: Sequence[Note], edges: IntArray, length: int, pipes: dict[int, FloatArray]
) -> FloatArray:
    """Return what one voice plays.

    Args:
        notes: of the voice.
        edges: int array (steps + 1,), the sample at which each step begins.
        length: samples of the piece.
        pipes: the sound of each pitch, made when it is first needed.

    Returns:
        float array (length,).
    """
    line = np.zeros(length)
    attack, release = (round(t * SAMPLE_RATE) for t in (_ATTACK, _RELEASE))
    for note, after in zip(notes, [*notes, None][1:], strict=True):
        start, end = int(edges[note.start]), int(edges[note.start + note.length])
        if after is not None and (after.pitch, after.start) == (
            note.pitch,
            note.start + note.length,
        ):
            # Struck again: a gap that is heard, yet never more than half the note.
            end -= min(round(_GAP * SAMPLE_RATE), (end - start) // 2)
        stop = min(end + release, length)
        envelope = np.ones(stop - start)
        rising = min(attack, len(envelope))
        envelope[:rising] *= _ramp(attack)[:rising]
        envelope[end - start :] *= _ramp(release)[::-1][: stop - end]
        pipe = pipes.get(note.pitch)
        if pipe is None or len(pipe) < len(envelope):
            pipe = pipes[note.pitch] = _pipe(note.pitch, 2 * len(envelope))
        line[start:stop] += envelope * pipe[: len(envelope)]
    return line


def _ramp(length: int) -> FloatArray:
    """Return a rise from 0 to 1 that is smooth at both ends."""
    ramp: FloatArray = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    return ramp


def _pipe(pitch: int, length: int) -> FloatArray:
    """Return the sound of all ranks at a pitch, in equal temperament, a' = 440 Hz."""
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    # Harmonics are the powers of one turning pointer: far cheaper than a sine each.
    turning = np.exp(2j * np.pi * frequency / SAMPLE_RATE * np.arange(length))
    sound = np.zeros(length)
    power, at = turning, 1
    for harmonic, strength in _RANKS:
        if harmonic * frequency > _HIGHEST_FREQUENCY:
            break
        while at < harmonic:
            power, at = power * turning, at + 1
        sound += strength * power.imag
    return sound


def _room(sound: FloatArray) -> FloatArray:
    """Return the echo of a room: noise that dies away, the same at each call.

    Args:
        sound: float array (2, samples).
    """
    length = round(_ROOM_SECONDS * SAMPLE_RATE)
    noise = np.random.default_rng(0).standard_normal((2, length))
    seconds = np.arange(length) / SAMPLE_RATE
    echo = noise * np.exp(-seconds / _ROOM_DECAY) * (1 - seconds / _ROOM_SECONDS)
    echo /= np.linalg.norm(echo, axis=1, keepdims=True)
    samples = sound.shape[1]
    # Padded so that no end wraps around, to a length that transforms fast.
    padded = _ROUND * -(-(samples + length) // _ROUND)
    product = np.fft.rfft(sound, padded) * np.fft.rfft(echo, padded)
    heard: FloatArray = np.fft.irfft(product, padded)[:, :samples]
    return heard
