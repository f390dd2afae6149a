from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bach import few_chorales
from hand_made import C_MINOR, chords, fermatas, piece
from hypothesis import given
from hypothesis import strategies as st
from strategies import chorales, little_chorale

from chorale.errors import DataError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.profiles import profile
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale

TONIC = [72, 67, 64, 48]
SUBDOMINANT = [72, 69, 65, 53]
DOMINANT = [71, 67, 62, 55]


def counted(name: str, chorale: Chorale, start: int = 0) -> dict[str, dict[str, int]]:
    """Return what a feature counts: by part, by bin, zeros left out."""
    feature = FEATURES[name]
    counts = profile([Window(chorale, start, "")]).counts[name][0]
    assert counts.shape == (len(feature.parts), len(feature.bins))
    found = {
        part: {
            label: int(count)
            for label, count in zip(feature.bins, row, strict=True)
            if count
        }
        for part, row in zip(feature.parts, counts, strict=True)
    }
    return {part: bins for part, bins in found.items() if bins}


# === Notes ===


def test_degrees_are_counted_by_time_in_their_mode() -> None:
    line = [(72, 4), (75, 2), (0, 1), (71, 1)]
    expected = {"1": 4, "b3": 2, "7": 1}
    assert counted("scale_degrees", piece(line)) == {"major": expected}
    assert counted("scale_degrees", piece(line, key=C_MINOR)) == {"minor": expected}
    assert counted("scale_degrees", piece(line), 5) == {"major": {"b3": 1, "7": 1}}


def test_an_unknown_key_is_estimated() -> None:
    found = counted("scale_degrees", chords(TONIC, SUBDOMINANT, DOMINANT, key=None))
    assert set(found) == {"major"}


def test_pitches_are_counted_by_time_in_each_voice() -> None:
    found = counted("tessitura", piece([(72, 3), (71, 1)], [(0, 2), (90, 2)]))
    # What is too high counts as the highest.
    assert found == {"soprano": {"C5": 3, "B4": 1}, "alto": {"C6": 2}}


def test_durations_are_those_of_notes_that_begin_in_the_window() -> None:
    chorale = piece([(72, 4), (72, 2), (0, 2), (74, 20)], [(67, 28)])
    found = counted("durations", chorale)
    assert found == {"soprano": {"4": 1, "2": 1, "16": 1}, "alto": {"16": 1}}
    assert counted("durations", chorale, 2) == {"soprano": {"2": 1, "16": 1}}


def test_melodic_intervals_are_from_note_to_note() -> None:
    line = [(72, 4), (72, 2), (74, 2), (60, 2), (0, 2), (62, 2), (59, 2)]
    chorale = piece(line)
    # The note struck again is a unison; the leap of 14 is as large as they get; none
    # goes over a rest.
    assert counted("melodic_intervals", chorale) == {
        "soprano": {"+0": 1, "+2": 1, "-12": 1, "-3": 1}
    }
    # The interval into the window belongs to it.
    assert counted("melodic_intervals", chorale, 8) == {"soprano": {"-12": 1, "-3": 1}}
    held = replace(chorale, onsets=None)
    assert "+0" not in counted("melodic_intervals", held)["soprano"]


# === Chords ===


def test_vertical_intervals_are_over_the_bass() -> None:
    chorale = chords(TONIC, [71, 67, 0, 55], [71, 67, 62, 0], length=2)
    assert counted("vertical_intervals", chorale) == {
        "soprano": {"0": 2, "4": 2},
        "alto": {"7": 2, "0": 2},
        "tenor": {"4": 2},
    }


def test_chord_qualities_are_counted_by_time() -> None:
    chorale = chords(TONIC, [65, 62, 59, 43], [72, 67, 60, 48], [0] * 4, length=2)
    assert counted("chord_qualities", chorale) == {
        "all": {"major": 2, "dominant seventh": 2, "open fifth": 2}
    }


def test_harmonies_are_in_their_local_key() -> None:
    inverted = [72, 67, 60, 52]
    chorale = chords(TONIC, SUBDOMINANT, [71, 65, 62, 43], inverted, TONIC)
    expected = {
        "1 major": 2,
        "1 major, first inversion": 1,
        "4 major": 1,
        "5 dominant seventh": 1,
    }
    assert counted("harmonies", chorale) == {"major": expected}
    assert counted("harmonies", chorale, 16) == {"major": {"1 major": 1}}
    minor = chords([72, 67, 63, 48], [72, 68, 65, 53], DOMINANT, [72, 67, 63, 48])
    found = counted("harmonies", replace(minor, key=C_MINOR))
    assert found == {"minor": {"1 minor": 2, "4 minor": 1, "5 major": 1}}


def test_chord_changes_are_from_beat_to_beat() -> None:
    open_fifth = [72, 67, 60, 48]
    chorale = chords(TONIC, TONIC, [65, 62, 59, 43], open_fifth, [0] * 4, SUBDOMINANT)
    assert counted("chord_changes", chorale) == {
        "major": {
            "1 major → 5 dominant seventh": 1,
            "5 dominant seventh → other": 1,
            "other → 4 major": 1,
        }
    }
    # What passes between the beats is no change.
    passing = chords(TONIC, SUBDOMINANT, DOMINANT, SUBDOMINANT, length=2)
    assert counted("chord_changes", passing) == {"major": {"1 major → 5 major": 1}}
    assert counted("chord_changes", passing, 4) == {}


def test_sevenths_over_a_diminished_triad_are_one_with_it() -> None:
    chorale = chords([74, 71, 65, 53], [71, 65, 62, 57], [74, 68, 65, 47])
    assert counted("chord_changes", chorale) == {}


# === Phrase ends ===


def test_cadences_are_where_fermatas_begin() -> None:
    chorale = chords(
        *(SUBDOMINANT, DOMINANT, TONIC, [72, 67, 64, 52], [72, 69, 64, 57]),
        fermatas=fermatas(20, (4, 8), (12, 16), (16, 17), (18, 20)),
    )
    # Fermatas that touch are one; a new one may begin under the same chord.
    assert counted("cadence_chords", chorale) == {
        "major": {"5 major": 1, "other": 1, "6 minor": 1}
    }
    assert counted("cadence_basses", chorale) == {"bass": {"10": 1, "8": 1, "7": 1}}
    assert counted("cadence_chords", chorale, 5) == {
        "major": {"other": 1, "6 minor": 1}
    }


def test_a_cadence_from_the_dominant_and_one_from_nowhere() -> None:
    chorale = chords(
        TONIC, DOMINANT, TONIC, length=8, fermatas=fermatas(24, (4, 8), (16, 24))
    )
    assert counted("cadence_basses", chorale) == {"bass": {"none": 1, "7": 1}}
    silent = chords(TONIC, [72, 67, 64, 0], fermatas=fermatas(8, (4, 8)))
    assert counted("cadence_basses", silent) == {}


def test_phrases_go_from_fermata_to_fermata() -> None:
    marks = fermatas(144, (12, 16), (32, 36), (140, 144))
    chorale = chords(TONIC, length=144, fermatas=marks)
    expected = {"4": 1, "5": 1, "24": 1}  # the last is cut off at 24
    assert counted("phrase_lengths", chorale) == {"all": expected}
    # A phrase counts whole where it ends.
    assert counted("phrase_lengths", chorale, 24) == {"all": {"5": 1, "24": 1}}
    assert counted("phrase_lengths", chords(TONIC)) == {}


# === Time ===


def test_texture_is_how_many_attack_where() -> None:
    chorale = piece(
        [(72, 16), (71, 1), (72, 1), (74, 2), (72, 4), (0, 8)],
        [(67, 8), (65, 8), (64, 2), (65, 2), (67, 12)],
    )
    assert counted("texture", chorale) == {
        "barline": {"2": 2},
        "other beat": {"0": 4, "1": 1, "2": 1},
        "half beat": {"0": 7, "2": 1},
        "between": {"0": 15, "1": 1},
    }


def test_bars_recur_note_for_note() -> None:
    soprano = [(72, 8), (74, 8)]
    other = [(74, 8), (72, 8)]
    chorale = piece(soprano + soprano + other + soprano, [(67, 16)] * 3 + [(67, 8)] * 2)
    assert counted("repetition", chorale) == {
        "soprano": {"new": 2, "recurs": 2},
        "all voices": {"new": 3, "recurs": 1},
    }
    # Bars before the window may be what recurs.
    assert counted("repetition", chorale, 16) == {
        "soprano": {"new": 1, "recurs": 2},
        "all voices": {"new": 2, "recurs": 1},
    }


def test_a_bar_that_is_not_full_is_no_bar() -> None:
    assert counted("repetition", piece([(72, 16), (72, 16), (72, 8)])) == {
        "soprano": {"new": 1, "recurs": 1},
        "all voices": {"new": 1, "recurs": 1},
    }


# === All ===


def test_the_table_is_in_order() -> None:
    for feature in FEATURES.values():
        ordered = feature.values is not None
        assert feature.metric == ("Wasserstein" if ordered else "total variation")
        assert (feature.unit != "share") == ordered
        assert len(set(feature.bins)) == len(feature.bins)
        if feature.values is not None:
            assert len(feature.values) == len(feature.bins)
            assert list(feature.values) == sorted(feature.values)


@given(chorales(), st.integers(-6, 6))
def test_a_transposed_piece_counts_the_same_but_for_its_pitches(
    chorale: Chorale, semitones: int
) -> None:
    here = profile([Window(chorale, 0, "")]).counts
    there = profile([Window(chorale.transpose(semitones), 0, "")]).counts
    for name in FEATURES:
        # What no key suits has several analyses that are equally good.
        if name not in ("tessitura", "harmonies"):
            np.testing.assert_array_equal(here[name], there[name], name)


def test_harmonies_of_bach_are_the_same_in_any_key() -> None:
    pieces = few_chorales().valid
    here = profile([Window(piece, 0, "") for piece in pieces]).counts
    there = profile([Window(piece.transpose(3), 0, "") for piece in pieces]).counts
    np.testing.assert_array_equal(here["harmonies"], there["harmonies"])


@given(chorales())
def test_notes_on_arrays_are_the_notes(chorale: Chorale) -> None:
    for voice, line in enumerate(Analysis.of(Window(chorale, 0, "")).lines):
        expected = chorale.notes(voice)
        assert line.pitches.tolist() == [note.pitch for note in expected]
        assert line.starts.tolist() == [note.start for note in expected]
        lengths = line.ends - line.starts
        assert lengths.tolist() == [note.length for note in expected]


def test_a_profile_has_a_row_for_each_window() -> None:
    windows = [Window(little_chorale(), start, str(start)) for start in (0, 20)]
    found = profile(windows)
    assert found.groups == ("0", "20")
    assert all(len(counts) == 2 for counts in found.counts.values())
    with pytest.raises(DataError, match="at least one window"):
        profile([])
