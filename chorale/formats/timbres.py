"""Timbres of the instruments: spectra, envelopes and ensembles, without samples.

A waveform is one period of a sum of harmonics; formants are fixed in frequency, so it
differs from pitch to pitch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from chorale.music.voices import INSTRUMENTS
from chorale.utils.arrays import Float64Array
from chorale.utils.checks import check_choice

# Samples of one period: so many that no interpolation is needed between them.
TABLE = 1 << 15

_MOST_HARMONICS = 80
_HIGHEST_FREQUENCY = 14_000.0  # Hz; harmonics above it are left out
_LOUDNESS = 0.3  # root mean square of every waveform
# Bands of harmonics, from the first of each; higher ones decay faster.
_BANDS = (1, 3, 7, _MOST_HARMONICS + 1)
_BAND_DECAYS = (1.0, 0.5, 0.25)

# Amplitudes of harmonics (numbers from 1, fundamental in Hz).
Spectrum = Callable[[Float64Array, float], Float64Array]


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """The sound of an instrument.

    Attributes:
        spectrum: amplitudes of the harmonics of a note.
        attack, release: lengths of the fades at the beginning and after the end of a
            note, in seconds.
        decay: seconds in which A4 falls to 1/e, lower notes more slowly; None for an
            instrument that sustains its notes.
        players: number of players or singers of each voice.
        detuning: of the outer players against the middle, in cents.
        vibrato, rate: depth in cents to either side, and vibrations per second.
    """

    spectrum: Spectrum
    attack: float
    release: float
    decay: float | None = None
    players: int = 1
    detuning: float = 0.0
    vibrato: float = 0.0
    rate: float = 5.5

    def ensemble(self) -> list[tuple[float, float]]:
        """Return the detuning of each player in cents, and the loudness.

        The first leads, so that the others do not cancel the sound where they beat.
        """
        places = [0.0, *np.linspace(-1.0, 1.0, self.players - 1)]
        followers = max(1, self.players - 1)
        return [
            (float(place) * self.detuning, 0.8 / followers if number else 1.0)
            for number, place in enumerate(places)
        ]

    def bands(self, pitch: int) -> list[tuple[Float64Array, float | None]]:
        """Return the waveforms of a pitch, to be added, and their decays.

        Each is a float array (TABLE,), one period; a decay is the time in seconds in
        which it falls to 1/e, None if it is sustained. They are cached.
        """
        return _bands(self, pitch)


def timbre_of(instrument: str) -> Timbre:
    """Return the timbre of an instrument.

    Raises:
        UsageError: there is no such instrument.
    """
    check_choice("an instrument", instrument, INSTRUMENTS)
    return TIMBRES[instrument]


def frequency_of(pitch: int) -> float:
    """Return the frequency of a MIDI note in Hz: equal temperament, A4 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


@cache
def _bands(timbre: Timbre, pitch: int) -> list[tuple[Float64Array, float | None]]:
    frequency = frequency_of(pitch)
    count = min(_MOST_HARMONICS, max(1, int(_HIGHEST_FREQUENCY // frequency)))
    numbers = np.arange(1.0, count + 1)
    amplitudes = timbre.spectrum(numbers, frequency)
    amplitudes = amplitudes * _LOUDNESS / np.sqrt((amplitudes**2).sum() / 2)
    if timbre.decay is None:
        return [(_period(numbers, amplitudes), None)]
    slowness = timbre.decay * (440.0 / frequency) ** 0.5
    found: list[tuple[Float64Array, float | None]] = []
    for low, high, share in zip(_BANDS, _BANDS[1:], _BAND_DECAYS, strict=False):
        inside = (numbers >= low) & (numbers < high)
        if inside.any():
            wave = _period(numbers, np.where(inside, amplitudes, 0.0))
            found.append((wave, slowness * share))
    return found


def _period(numbers: Float64Array, amplitudes: Float64Array) -> Float64Array:
    """Return one period of a sum of sines, float array (TABLE,)."""
    spectrum = np.zeros(TABLE // 2 + 1, np.complex128)
    spectrum[numbers.astype(np.int64)] = -0.5j * TABLE * amplitudes
    wave: Float64Array = np.fft.irfft(spectrum, TABLE)
    return wave


# === Spectra ===

# Harmonic and amplitude of the ranks: 8', 4', 2 2/3', 2', 1 3/5', 1 1/3', 1'.
_RANKS = {1: 1.0, 2: 0.5, 3: 0.22, 4: 0.2, 5: 0.05, 6: 0.06, 8: 0.05}
# Formants of the vowel a: frequency, width and amplitude.
_VOWEL = ((700.0, 130.0, 1.0), (1150.0, 160.0, 0.6), (2800.0, 300.0, 0.15))


def _organ(numbers: Float64Array, frequency: float) -> Float64Array:
    return np.array([_RANKS.get(int(number), 0.0) for number in numbers])


def _choir(numbers: Float64Array, frequency: float) -> Float64Array:
    return numbers**-1.0 * (0.04 + _resonances(numbers * frequency, _VOWEL))


def _strings(numbers: Float64Array, frequency: float) -> Float64Array:
    # A sawtooth, as of a bowed string, through the body of the instrument.
    body = 0.5 + _resonances(
        numbers * frequency,
        ((280.0, 60.0, 0.5), (460.0, 90.0, 0.5), (2500.0, 900.0, 0.9)),
    )
    return body * numbers**-1.0 / (1 + (numbers * frequency / 5000.0) ** 2)


def _piano(numbers: Float64Array, frequency: float) -> Float64Array:
    # The hammer strikes at an eighth of the string and is too soft for high harmonics.
    struck = np.abs(np.sin(np.pi * numbers / 8)) + 0.05
    return struck * numbers**-1.1 / (1 + (numbers * frequency / 2200.0) ** 2)


def _harpsichord(numbers: Float64Array, frequency: float) -> Float64Array:
    plucked = np.abs(np.sin(np.pi * numbers / 6)) + 0.1
    return plucked * numbers**-0.5 / (1 + (numbers * frequency / 6000.0) ** 2)


def _brass(numbers: Float64Array, frequency: float) -> Float64Array:
    bell = 0.4 + _resonances(numbers * frequency, ((1100.0, 500.0, 1.0),))
    return bell * numbers**-0.6 / (1 + (numbers * frequency / 2500.0) ** 3)


def _woodwinds(numbers: Float64Array, frequency: float) -> Float64Array:
    # A stopped pipe: odd harmonics prevail.
    odd = np.where(numbers % 2 == 1, 1.0, 0.35)
    return odd * numbers**-1.5 / (1 + (numbers * frequency / 4000.0) ** 2)


def _resonances(
    frequencies: Float64Array, peaks: tuple[tuple[float, float, float], ...]
) -> Float64Array:
    """Return the response of resonances (frequency and width in Hz, amplitude)."""
    total = np.zeros_like(frequencies)
    for center, width, amplitude in peaks:
        total += amplitude / (1 + ((frequencies - center) / width) ** 2)
    return total


TIMBRES = {
    "choir": Timbre(
        spectrum=_choir,
        attack=0.09,
        release=0.14,
        players=3,
        detuning=7.0,
        vibrato=14.0,
        rate=5.2,
    ),
    "organ": Timbre(spectrum=_organ, attack=0.03, release=0.09),
    "piano": Timbre(spectrum=_piano, attack=0.006, release=0.12, decay=1.1),
    "harpsichord": Timbre(spectrum=_harpsichord, attack=0.003, release=0.06, decay=0.7),
    "strings": Timbre(
        spectrum=_strings,
        attack=0.18,
        release=0.2,
        players=3,
        detuning=5.0,
        vibrato=10.0,
        rate=6.0,
    ),
    "brass": Timbre(spectrum=_brass, attack=0.06, release=0.1),
    "woodwinds": Timbre(
        spectrum=_woodwinds, attack=0.05, release=0.09, vibrato=6.0, rate=5.0
    ),
}
