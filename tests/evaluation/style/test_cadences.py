from __future__ import annotations

import numpy as np
import pytest
from bach import all_chorales

from chorale.errors import DataError
from chorale.evaluation.style.cadences import (
    Cadence,
    final_cadence,
    has_rest,
    leaves_ranges,
    share_of_cadences,
)
from chorale.music.keys import Key
from chorale.music.score import Chorale

C_MAJOR = Key("C", "major")
C_MINOR = Key("C", "minor")
DOMINANT = [74, 67, 59, 43]
TONIC = [72, 67, 64, 48]


def ending(*chords: list[int], key: Key | None = C_MAJOR) -> Chorale:
    """Return a chorale of chords, each two steps long."""
    return Chorale(pitches=np.repeat(chords, 2, axis=0), key=key)


def with_bass(*bass: int) -> Chorale:
    """Return C major under which only the bass moves, a step a note."""
    return Chorale(pitches=[[72, 67, 64, note] for note in bass], key=C_MAJOR)


# === The last chord ===


@pytest.mark.parametrize(
    ("chord", "is_triad"),
    [
        ([72, 67, 64, 48], True),
        ([72, 67, 63, 48], True),  # minor
        ([72, 72, 64, 48], True),  # the fifth is missing
        ([72, 64, 0, 48], True),  # a voice rests
        ([72, 67, 60, 48], False),  # the third is missing
        ([72, 67, 64, 52], False),  # first inversion
        ([72, 64, 60, 55], False),  # six-four chord
        ([70, 67, 64, 48], False),  # seventh chord
        ([72, 66, 63, 48], False),  # diminished
        ([72, 68, 64, 48], False),  # augmented
        ([72, 63, 64, 48], False),  # both thirds
        ([72, 67, 64, 0], False),  # the bass is silent
    ],
)
def test_a_triad_over_its_root(chord: list[int], is_triad: bool) -> None:
    assert final_cadence(ending(DOMINANT, chord)).triad_over_root == is_triad


@pytest.mark.parametrize(
    ("chord", "key", "on_tonic"),
    [
        ([72, 67, 64, 48], C_MAJOR, True),
        ([72, 67, 63, 48], C_MAJOR, False),
        ([72, 67, 63, 48], C_MINOR, True),
        ([72, 67, 64, 48], C_MINOR, True),  # Picardy third
        ([72, 67, 64, 36], C_MAJOR, True),
        ([71, 67, 62, 55], C_MAJOR, False),  # on the dominant
        ([72, 67, 64, 52], C_MAJOR, False),  # the bass has the third
    ],
)
def test_on_the_tonic(chord: list[int], key: Key, on_tonic: bool) -> None:
    assert final_cadence(ending(DOMINANT, chord, key=key)).on_tonic == on_tonic


def test_an_unknown_key_is_estimated() -> None:
    chords = [TONIC, [72, 69, 65, 53], [71, 67, 62, 55], TONIC]
    assert final_cadence(ending(*chords, key=None)).complete
    assert not final_cadence(ending(*chords, key=Key("F", "major"))).on_tonic


# === The way there ===


@pytest.mark.parametrize(
    ("bass", "found"),
    [
        ([43, 48], True),  # dominant, up a fourth
        ([55, 48], True),  # dominant, down a fifth
        ([53, 48], True),  # subdominant, down a fourth
        ([41, 48], True),  # subdominant, up a fifth
        ([43, 60], True),  # in any octave
        ([55, 43, 48, 36, 36], True),  # octave leaps on both
        ([53, 50, 43, 48], True),
        ([43, 50, 48], False),  # by step
        ([43, 47, 48], False),  # from the leading note
        ([43, 52, 48], False),
        ([48, 36, 48], False),  # nothing else before
        ([43, 0, 48], True),  # a rest between
        ([45, 0, 43], False),
    ],
)
def test_the_bass_comes_from_the_dominant_or_subdominant(
    bass: list[int], found: bool
) -> None:
    assert final_cadence(with_bass(*bass)).authentic_or_plagal == found


def test_rests_at_the_end_are_not_the_end() -> None:
    cadence = final_cadence(ending(DOMINANT, TONIC, [0, 0, 0, 0]))
    assert cadence.complete


def test_silence_ends_on_nothing() -> None:
    nothing = Cadence(triad_over_root=False, on_tonic=False, authentic_or_plagal=False)
    assert final_cadence(ending([0, 0, 0, 0])) == nothing


def test_a_complete_cadence_is_all_three() -> None:
    assert final_cadence(ending(DOMINANT, TONIC)).complete
    assert not final_cadence(ending(TONIC)).complete
    assert not final_cadence(ending(DOMINANT, [72, 67, 60, 48])).complete
    assert not final_cadence(ending(DOMINANT, TONIC, key=Key("G", "major"))).complete


def test_shares_are_of_all_chorales() -> None:
    chorales = [
        ending(DOMINANT, TONIC),
        ending(TONIC),
        ending(DOMINANT, [72, 67, 60, 48]),
        ending(DOMINANT, [71, 67, 62, 55]),
    ]
    assert share_of_cadences(chorales) == {
        "complete": 0.25,
        "triad_over_root": 0.75,
        "on_tonic": 0.75,
        "authentic_or_plagal": 0.5,
    }
    with pytest.raises(DataError, match="at least one chorale"):
        share_of_cadences([])


def test_bach_ends_on_cadences() -> None:
    shares = share_of_cadences(all_chorales().valid)
    assert shares["triad_over_root"] > 0.95
    assert shares["authentic_or_plagal"] > 0.9
    assert shares["complete"] > 0.7


# === Ranges and rests ===


def test_ranges_are_kept_or_left_from_a_step_on() -> None:
    ranges = ((60, 72), (60, 72), (60, 72), (40, 60))
    low, high = [60, 60, 60, 40], [72, 72, 72, 60]
    assert not leaves_ranges(ending(low, high, [0, 0, 0, 0]), ranges)
    for beyond in ([73, 60, 60, 40], [60, 60, 60, 39]):
        assert leaves_ranges(ending(low, beyond), ranges)
        assert leaves_ranges(ending(beyond, low), ranges, start=1)
        assert not leaves_ranges(ending(beyond, low), ranges, start=2)


def test_rests_are_found_from_a_step_on() -> None:
    assert not has_rest(ending(TONIC))
    assert has_rest(ending([72, 0, 64, 48], TONIC), start=1)
    assert not has_rest(ending([72, 0, 64, 48], TONIC), start=2)
