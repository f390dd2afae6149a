"""The key of a piece: what the file states, weighed against the notes.

This is the only place where a key is decided. A key signature alone says little:
programs write every signature of a MIDI file as major, those that know no key write
C major, and modal melodies have a flat or sharp fewer than today's keys. All keys are
therefore compared by how well they fit the notes, less a penalty for the distance from
the signature. A church mode that the file names is believed: no program writes one
by default, and the estimate knows major and minor only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from chorale.errors import OptionError
from chorale.music.keys import (
    MOST_SHARPS,
    Key,
    KeySignature,
    estimate_key,
    key_profile,
)
from chorale.music.voices import SILENCE
from chorale.utils.arrays import Float64Array, IntArray
from chorale.utils.text import counted

# The penalties and bonuses were fitted to Bach's chorales and their sopranos in train,
# in units of log-odds.
_CORRELATION_WEIGHT = 15.0  # of the correlation of the notes with the key profile
# Bonus for the last note of the lowest voice, by semitones above the tonic.
_LAST_NOTE = {0: 3.0, 3: 0.75, 4: 0.75, 7: 1.2}
_STATED_BONUS = 3.0  # of the key that the file names, and of the same tonic
# Of the minor key with a flat more than the signature, and of the other mode of the
# tonic that the file names.
_DORIAN_PENALTY = 1.0
_NEIGHBOR_PENALTY = 2.5  # of other keys with a flat or a sharp more
# Of all other keys. Under C major it is small: programs that know no key write that.
_FAR_PENALTY = 4.0
_FAR_FROM_C_PENALTY = 0.5
_FIFTH_PENALTY = 0.2  # of such a key, for each sharp or flat of difference
# Keys far from the signature are considered only if they explain at least this share
# of the sounding time that is outside the key of the signature.
_LEAST_EXPLAINED = 0.02
_LEAST_CLASSES = 5  # distinct pitch classes that may contradict the key of a score

_MODE_NAMES = ("major", "minor")
# Fifths from the tonic of the major key with the same signature up to the tonic of each
# mode, and whether its third is minor.
_MODES = {
    "major": (0, "major"),
    "ionian": (0, "major"),
    "lydian": (-1, "major"),
    "mixolydian": (1, "major"),
    "minor": (3, "minor"),
    "aeolian": (3, "minor"),
    "dorian": (2, "minor"),
    "phrygian": (4, "minor"),
    "locrian": (5, "minor"),
}
_NAME = re.compile(r"([A-Ga-g])([#b]?) +([A-Za-z]+)")
_SHOWN = 40  # characters of a name in a message


def decide_key(
    signatures: Sequence[KeySignature], pitches: IntArray
) -> tuple[Key, tuple[str, ...]]:
    """Decide the key of a piece or of a melody.

    Args:
        signatures: that the file states for the beginning of its parts; several parts
            may share one. Of different ones the one counts that most notes fit. Empty
            if the file states none.
        pitches: int array (steps, voices) or (steps,), MIDI notes, 0 = silence.

    Returns:
        The key, and sentences on what was decided for the user; none if the key is the
        one that the file names.
    """
    remarks = []
    if len({signature.fifths for signature in signatures}) > 1:
        remarks.append(
            "parts have different key signatures: the one that most notes fit is read"
        )
    key, remark = _decide(_prevailing(signatures, pitches), pitches)
    if remark:
        remarks.append(remark)
    return key, tuple(remarks)


def parse_key(name: str) -> tuple[Key, tuple[str, ...]]:
    """Return the key of a name, and a sentence on a church mode.

    A church mode is read as the major or minor key on its final, `D dorian` as D minor,
    as in files.

    Args:
        name: such as `E minor`, `e minor`, `Bb major` or `D dorian`.

    Raises:
        OptionError: there is no such key.
    """
    found = _NAME.fullmatch(name.strip())
    mode = found[3].casefold() if found else ""
    if found and mode in _MODES:
        letter, accidental = found[1].upper(), found[2]
        fifths = "FCGDAEB".index(letter) - 1 - _MODES[mode][0]
        fifths += 7 * (accidental.count("#") - accidental.count("b"))
        if abs(fifths) <= MOST_SHARPS:
            key = _stated_key(fifths, mode)
            written = f"{letter}{accidental} {mode}"
            is_same = mode in _MODE_NAMES
            return key, () if is_same else (f"{written} is read as {key.name}",)
    raise OptionError(
        "key",
        "expected {} such as 'G major', 'Bb minor' or 'D dorian', got "
        f"{name[:_SHOWN]!r}",
    )


def states_key(signatures: Sequence[KeySignature], key: Key) -> bool:
    """Return whether one of the signatures of a file states a key, with its mode."""
    return any(
        abs(signature.fifths) <= MOST_SHARPS
        and (mode := signature.mode.strip().lower()) in _MODES
        and _stated_key(signature.fifths, mode) == key
        for signature in signatures
    )


def _prevailing(
    signatures: Sequence[KeySignature], pitches: IntArray
) -> KeySignature | None:
    """Return the signature that most notes fit; of equal ones one with a mode."""
    if len({signature.fifths for signature in signatures}) < 2:
        with_mode = (signature for signature in signatures if signature.mode)
        return next(with_mode, next(iter(signatures), None))
    counts = np.bincount(pitches[pitches != SILENCE] % 12, minlength=12)
    return max(
        signatures,
        key=lambda signature: int(counts[list(_scale(signature.fifths))].sum()),
    )


def _decide(signature: KeySignature | None, pitches: IntArray) -> tuple[Key, str]:
    """Return the key, and a sentence unless it is the one that the file names."""
    if signature is None or abs(signature.fifths) > MOST_SHARPS:
        key = _best_fit(pitches, None)
        missing = "there is no key signature"
        if signature is not None:
            missing = f"there is no key of {_count(signature.fifths)}"
        return key, f"{missing}: read as {key.name}, by the notes"
    mode = signature.mode.strip().lower()
    if mode not in _MODES:
        key = _best_fit(pitches, signature)
        return key, (
            f"the key signature of {_count(signature.fifths)} has no mode: read as "
            f"{key.name}, by the notes"
        )
    stated = _stated_key(signature.fifths, mode)
    tonic = _tonic(signature.fifths, mode)
    written = f"{tonic} {mode}"
    if (
        signature.certain
        or mode not in _MODE_NAMES
        or _proves_little(pitches, stated, signature)
    ):
        key = stated
    else:
        key = _best_fit(pitches, replace(signature, mode=mode))
    if key != stated:
        return key, (
            f"the key signature is {written}, the notes are in {key.name}: read as "
            f"{key.name}"
        )
    is_same = _MODES[mode] == _MODES[key.mode] and key.name.startswith(f"{tonic} ")
    return key, "" if is_same else f"{written} is read as {key.name}"


def _proves_little(pitches: IntArray, stated: Key, signature: KeySignature) -> bool:
    """Return whether the notes are too few to doubt the key that a score names."""
    classes = np.unique(pitches[pitches != SILENCE] % 12)
    present = np.bincount(classes, minlength=12) / max(len(classes), 1)
    is_stated = not signature.default_mode
    return is_stated and len(classes) < _LEAST_CLASSES and not _outside(stated, present)


def _stated_key(fifths: int, mode: str) -> Key:
    """Return the major or minor key on the tonic of a signature with a mode."""
    distance, third = _MODES[mode]
    tonic_class = 7 * (fifths + distance) % 12
    return Key.from_tonic_class(tonic_class, third, fifths)


def _tonic(fifths: int, mode: str) -> str:
    """Return the name of the tonic of a signature with a mode, such as `F#`."""
    accidental, letter = divmod(fifths + _MODES[mode][0] + 1, 7)
    return "FCGDAEB"[letter] + ("#" * accidental or "b" * -accidental)


def _count(fifths: int) -> str:
    """Return a signature in words, such as `2 flats`."""
    if not fifths:
        return "no sharps or flats"
    return counted(abs(fifths), "sharp" if fifths > 0 else "flat")


# === The fit of a key to the notes ===


def _best_fit(pitches: IntArray, signature: KeySignature | None) -> Key:
    """Return the key that fits notes and signature best."""
    pitches = pitches.reshape(len(pitches), -1)
    sounding = pitches[pitches != SILENCE]
    if not len(sounding):
        if signature is None:
            return estimate_key(pitches)
        mode = signature.mode if signature.mode in _MODES else "major"
        return _stated_key(signature.fifths, mode)
    durations = np.bincount(sounding % 12, minlength=12) / len(sounding)
    last = pitches[(pitches != SILENCE).any(axis=1)][-1]
    last_class = int(last[last != SILENCE].min()) % 12
    fifths = 0 if signature is None else signature.fifths
    keys = _keys(fifths)
    deviations = durations - durations.mean()
    size = np.linalg.norm(deviations)

    def fit(key: Key) -> float:
        profile, profile_size = _profile(key)
        norm = size * profile_size
        correlation = float(deviations @ profile / norm) if norm else 0.0
        bonus = _LAST_NOTE.get((last_class - key.tonic_class) % 12, 0.0)
        value = _CORRELATION_WEIGHT * correlation + bonus
        if signature is not None:
            value -= _penalty(key, signature, durations)
        return value

    return max(keys, key=fit)


@cache
def _keys(fifths: int) -> tuple[Key, ...]:
    """Return the keys on each pitch class, spelled close to a signature."""
    return tuple(
        Key.from_tonic_class(tonic_class, mode, fifths)
        for mode in _MODE_NAMES
        for tonic_class in range(12)
    )


@cache
def _profile(key: Key) -> tuple[Float64Array, float]:
    """Return the deviations (12,) of a key's profile from its mean, and their norm."""
    profile = key_profile(key)
    deviations = profile - profile.mean()
    return deviations, float(np.linalg.norm(deviations))


def _penalty(key: Key, signature: KeySignature, durations: Float64Array) -> float:
    """Return the penalty of a key given a signature; infinite if it is not considered.

    It is less for the key that the file names, and for its tonic in the other mode.
    """
    distance = key.fifths - signature.fifths
    bonus = 0.0
    if signature.mode in _MODES and not signature.default_mode:
        stated = _stated_key(signature.fifths, signature.mode)
        if stated.tonic_class == key.tonic_class:
            bonus = _STATED_BONUS
    if not distance:
        return -bonus
    if bonus or (distance == -1 and key.mode == "minor"):
        return _DORIAN_PENALTY - bonus
    if abs(distance) == 1:
        return _NEIGHBOR_PENALTY
    written = [Key.from_fifths(signature.fifths, mode) for mode in _MODE_NAMES]
    unexplained = min(_outside(candidate, durations) for candidate in written)
    if _outside(key, durations) + _LEAST_EXPLAINED > unexplained:
        return float("inf")
    far = _FAR_PENALTY if signature.fifths else _FAR_FROM_C_PENALTY
    return far + _FIFTH_PENALTY * abs(distance)


def _outside(key: Key, durations: Float64Array) -> float:
    """Return the share of the durations outside the scale of a key.

    A minor key has the raised sixth and seventh degrees too.
    """
    scale = _scale(key.fifths)
    if key.mode == "minor":
        scale |= {(key.tonic_class + degree) % 12 for degree in (9, 11)}
    outside = [place for place in range(12) if place not in scale]
    return float(durations[outside].sum())


def _scale(fifths: int) -> set[int]:
    """Return the pitch classes of the major scale of a key signature."""
    # On the line of fifths from the fourth degree, as F in C major, up to the seventh.
    return {7 * (fifths + place) % 12 for place in range(-1, 6)}
