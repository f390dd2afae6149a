"""WAV files: a pipe organ by additive synthesis, without samples or soundfonts.

Each pitch is a sum of sine waves, the ranks of a soft principal chorus. The voices are
panned, and a synthetic room adds reverberation.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale, Note
from chorale.utils.arrays import Float64Array, FloatArray, IntArray
from chorale.utils.files import replacing

SAMPLE_RATE = 44_100  # samples per second
TAIL = 1.6  # seconds of reverberation after the last note
PEAK = 0.85  # of full scale

# Harmonic and amplitude of the ranks: 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'.
_RANKS = ((1, 1.0), (2, 0.5), (3, 0.22), (4, 0.2), (5, 0.05), (6, 0.06), (8, 0.05))
_HIGHEST_FREQUENCY = 14_000.0  # Hz; harmonics above it are left out
_ATTACK, _RELEASE = 0.03, 0.09  # seconds
_GAP = 0.07  # seconds of silence before a repeated note
_PANS = (0.42, 0.62, 0.38, 0.55)  # of the voices, 0 = left, 1 = right
# Reverberation: length and time constant of the decay in seconds, and amplitude.
_REVERB_SECONDS, _REVERB_DECAY, _REVERB_SHARE = 1.5, 0.28, 0.3
_BLOCK = 1 << 16  # samples; convolutions are padded to multiples of it


def write_wav(chorale: Chorale, path: Path | str) -> None:
    """Write a recording of `render`: 16 bits, stereo, 44.1 kHz.

    Raises:
        OutputError: the file cannot be written.
    """
    samples = np.round(render(chorale) * 32_767).astype("<i2")
    # Opened here, because wave does not clean up after a file that it cannot open.
    with (
        replacing(path) as temporary,
        temporary.open("wb") as stream,
        wave.open(stream, "wb") as file,
    ):
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())


def render(chorale: Chorale) -> FloatArray:
    """Synthesize a chorale, slower under fermatas.

    Returns:
        float array (samples, 2), left and right, from -1 to 1, at `SAMPLE_RATE`,
        normalized to `PEAK`; silence stays silence.
    """
    seconds = 60.0 / STEPS_PER_QUARTER / chorale.step_tempos()
    times = np.concatenate([[0.0], np.cumsum(seconds)])
    edges = np.round(times * SAMPLE_RATE).astype(np.int64)
    length = int(edges[-1]) + round(TAIL * SAMPLE_RATE)
    sound = np.zeros((2, length))
    pipes: dict[int, Float64Array] = {}
    for voice, pan in enumerate(_PANS):
        line = _play(chorale.notes(voice), edges, length, pipes)
        sound[0] += np.cos(pan * np.pi / 2) * line
        sound[1] += np.sin(pan * np.pi / 2) * line
    sound += _REVERB_SHARE * _reverberation(sound)
    loudest = np.abs(sound).max()
    if loudest:
        sound *= PEAK / loudest
    return sound.T.astype(np.float32)


def _play(
    notes: Sequence[Note], edges: IntArray, length: int, pipes: dict[int, Float64Array]
) -> Float64Array:
    """Synthesize one voice, float array (length,); step n begins at edges[n].

    `pipes` caches the waveforms of pitches.
    """
    line = np.zeros(length)
    fade_in, fade_out = _ramp(_ATTACK), _ramp(_RELEASE)[::-1]
    for note, after in zip(notes, [*notes, None][1:], strict=True):
        start, end = int(edges[note.start]), int(edges[note.end])
        if after is not None and after[:2] == (note.pitch, note.end):
            # A repeated note needs an audible gap, at most half of the note before it.
            end -= min(round(_GAP * SAMPLE_RATE), (end - start) // 2)
        stop = min(end + len(fade_out), length)
        envelope = np.ones(stop - start)
        rising = fade_in[: len(envelope)]
        envelope[: len(rising)] *= rising
        envelope[end - start :] *= fade_out[: stop - end]
        pipe = pipes.get(note.pitch)
        if pipe is None or len(pipe) < len(envelope):
            pipe = pipes[note.pitch] = _pipe(note.pitch, 2 * len(envelope))
        line[start:stop] += envelope * pipe[: len(envelope)]
    return line


def _ramp(seconds: float) -> Float64Array:
    """Return a raised-cosine fade from 0 to 1, float array (samples,)."""
    length = round(seconds * SAMPLE_RATE)
    ramp: Float64Array = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    return ramp


def _pipe(pitch: int, length: int) -> Float64Array:
    """Return the waveform of a pitch: all ranks, equal temperament, A4 = 440 Hz."""
    frequency = 440.0 * 2.0 ** ((pitch - 69) / 12)
    # Harmonics are powers of one complex phasor, far cheaper than a sine each.
    phasor = np.exp(2j * np.pi * frequency / SAMPLE_RATE * np.arange(length))
    sound = np.zeros(length)
    power, current = phasor, 1
    for harmonic, strength in _RANKS:
        if harmonic * frequency > _HIGHEST_FREQUENCY:
            break
        while current < harmonic:
            power, current = power * phasor, current + 1
        sound += strength * power.imag
    return sound


def _reverberation(sound: Float64Array) -> Float64Array:
    """Convolve a stereo sound with the impulse response of a room, decaying noise."""
    length = round(_REVERB_SECONDS * SAMPLE_RATE)
    noise = np.random.default_rng(0).standard_normal((2, length))
    seconds = np.arange(length) / SAMPLE_RATE
    response = noise * np.exp(-seconds / _REVERB_DECAY)
    response *= 1 - seconds / _REVERB_SECONDS
    response /= np.linalg.norm(response, axis=1, keepdims=True)
    samples = sound.shape[1]
    # Padded against circular convolution, to a length with a fast transform.
    padded = _BLOCK * -(-(samples + length) // _BLOCK)
    product = np.fft.rfft(sound, padded) * np.fft.rfft(response, padded)
    convolved: Float64Array = np.fft.irfft(product, padded)[:, :samples]
    return convolved
