from __future__ import annotations

import numpy as np
import pytest
from bach import all_chorales

from chorale.errors import DataError
from chorale.evaluation.style.cadences import (
    FinalCadence,
    final_cadence,
    has_rest,
    leaves_ranges,
    share_of_cadences,
)
from chorale.music.harmony.analyzing import analyze
from chorale.music.keys import Key
from chorale.music.score import Chorale

C_MAJOR = Key("C", "major")
C_MINOR = Key("C", "minor")
DOMINANT = [74, 67, 59, 43]
TONIC = [72, 67, 64, 48]


def ending(*chords: list[int], key: Key | None = C_MAJOR) -> Chorale:
    """Return a chorale of chords, each two steps long."""
    return Chorale(pitches=np.repeat(chords, 2, axis=0), key=key)


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
    ("before", "complete"),
    [
        (DOMINANT, True),
        ([71, 65, 62, 43], True),  # dominant seventh
        ([74, 71, 65, 47], True),  # leading-tone chord: the bass moves by step
        ([72, 69, 65, 41], True),  # subdominant
        ([72, 69, 64, 45], False),  # submediant
        ([71, 67, 64, 52], False),  # mediant
        # The bass falls by a fifth, the harmony is the tonic with a suspended fourth.
        ([72, 67, 60, 55], False),
    ],
)
def test_a_harmony_leads_to_the_tonic(before: list[int], complete: bool) -> None:
    chorale = ending(TONIC, TONIC, before, before, TONIC, TONIC)
    assert final_cadence(chorale).complete == complete
    # The analysis may be given.
    assert final_cadence(chorale, analyze(chorale)).complete == complete


def test_rests_at_the_end_are_not_the_end() -> None:
    cadence = final_cadence(ending(DOMINANT, TONIC, [0, 0, 0, 0]))
    assert cadence.complete


def test_silence_ends_on_nothing() -> None:
    nothing = FinalCadence(complete=False, triad_over_root=False, on_tonic=False)
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
    assert share_of_cadences([final_cadence(chorale) for chorale in chorales]) == {
        "complete": 0.25,
        "triad_over_root": 0.75,
        "on_tonic": 0.75,
    }
    with pytest.raises(DataError, match="at least one chorale"):
        share_of_cadences([])


def test_bach_ends_on_cadences() -> None:
    cadences = [final_cadence(chorale) for chorale in all_chorales().valid]
    shares = share_of_cadences(cadences)
    assert shares["triad_over_root"] > 0.95
    assert shares["complete"] > 0.8


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
