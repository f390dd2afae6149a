"""Measures of chords and progressions on hand-made harmony."""

from __future__ import annotations

import pytest
from hand_made import chords, fermatas

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures import chords as chord_measures
from chorale.evaluation.style.measures import progressions, sonorities
from chorale.evaluation.style.progressions import Progressions
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale

MEASURES = {**chord_measures.MEASURES, **sonorities.MEASURES}
TONIC = [72, 67, 64, 48]
SIXTH = [72, 67, 60, 52]
SUBDOMINANT = [72, 69, 65, 53]
DOMINANT = [71, 67, 62, 55]
SEVENTH = [71, 65, 62, 43]


def counted(name: str, chorale: Chorale, start: int = 0) -> tuple[float, float]:
    return MEASURES[name].count(Analysis.of(Window(chorale, start, "")))


def test_chords_are_counted_by_kind_and_inversion() -> None:
    chorale = chords(TONIC, SIXTH, SUBDOMINANT, SEVENTH, TONIC)
    assert counted("first_inversions", chorale) == (1, 5)
    assert counted("sevenths_in_root_position", chorale) == (1, 5)
    assert counted("inverted_sevenths", chorale) == (0, 5)
    assert counted("tonics", chorale) == (3, 5)
    assert counted("dominants", chorale) == (1, 5)
    assert counted("predominants", chorale) == (1, 5)
    assert counted("tonics", chorale, 4) == (2, 4)


@pytest.mark.parametrize(
    ("name", "chord"),
    [
        ("six_fours", [72, 69, 65, 48]),
        ("inverted_sevenths", [74, 67, 65, 59]),
        ("diminished", [74, 71, 65, 50]),
        ("minor_sevenths", [72, 69, 65, 50]),
        ("applied", [74, 66, 60, 57]),
        ("foreign_chords", [73, 70, 66, 54]),
    ],
)
def test_chords_by_kind(name: str, chord: list[int]) -> None:
    chorale = chords(TONIC, SUBDOMINANT, DOMINANT, TONIC, chord, DOMINANT, TONIC)
    plain = chords(TONIC, SUBDOMINANT, DOMINANT, TONIC, DOMINANT, TONIC)
    assert counted(name, chorale)[0] == 1
    assert counted(name, plain)[0] == 0


def test_functions_follow_one_another() -> None:
    forward = chords(TONIC, SUBDOMINANT, SEVENTH, TONIC)
    assert counted("subdominant_to_dominant", forward) == (1, 1)
    assert counted("dominant_to_tonic", forward) == (1, 1)
    backward = chords(TONIC, DOMINANT, SUBDOMINANT, TONIC)
    assert counted("dominant_to_subdominant", backward) == (1, 1)
    assert counted("dominant_to_tonic", backward) == (0, 1)


def test_roots_move_by_fifth_or_step() -> None:
    chorale = chords(TONIC, SUBDOMINANT, DOMINANT, TONIC)
    assert counted("roots_by_fifth", chorale) == (2, 3)
    assert counted("roots_by_step", chorale) == (1, 3)
    assert counted("roots_by_fourth", chorale) == (0, 3)


def test_an_open_fifth_has_neither_third_nor_other_notes() -> None:
    chorale = chords(TONIC, [72, 67, 60, 48], [67, 60, 55, 43], [72, 72, 60, 48])
    assert counted("open_fifths", chorale) == (2, 4)
    assert counted("missing_thirds", chorale)[0] >= 1
    assert counted("missing_thirds", chords(TONIC, SUBDOMINANT)) == (0, 2)


def test_one_letter_with_two_accidentals_clashes() -> None:
    clashing = chords(TONIC, [73, 69, 60, 57], [74, 69, 65, 50])
    assert counted("clashes", clashing) == (1, 3)
    assert counted("clashes", chords(TONIC, SUBDOMINANT, DOMINANT)) == (0, 3)


def test_tones_that_should_not_be_doubled() -> None:
    doubled = [71, 67, 59, 55]
    chorale = chords(TONIC, doubled, TONIC, DOMINANT, TONIC)
    assert counted("doubled_leading_tones", chorale) == (1, 2)
    assert counted("doubled_thirds", chords([76, 67, 64, 48], TONIC)) == (1, 1)


def test_chords_begin_on_beats_or_between() -> None:
    chorale = chords(TONIC, SUBDOMINANT, DOMINANT, TONIC, length=2)
    assert counted("chords_on_beats", chorale) == (2, 2)
    assert counted("chords_off_beats", chorale) == (2, 2)
    long = chords(TONIC, SUBDOMINANT, DOMINANT, TONIC, length=6)
    assert counted("held_over_barlines", long)[0] == 1
    assert counted("held_over_barlines", chords(TONIC, DOMINANT, length=16)) == (0, 1)


def test_time_away_from_home() -> None:
    here = chords(TONIC, SUBDOMINANT, SEVENTH, TONIC)
    assert counted("away_from_home", here) == (0, 16)
    assert counted("key_changes", here) == (0, 3)
    # A phrase in G major with its own dominant.
    there = [[74, 66, 62, 50], [74, 67, 59, 55]]
    away = chords(TONIC, *(there * 4), fermatas=fermatas(36, (32, 36)))
    assert counted("away_from_home", away)[0] > 20


def test_dissonant_beats_are_no_chords() -> None:
    assert counted("dissonant_beats", chords(TONIC, [74, 67, 65, 48])) == (1, 2)


# === Progressions ===


def unseen(name: str, chorale: Chorale, known: Progressions | None) -> tuple:
    window = Window(chorale, 0, chorale.source)
    return progressions.MEASURES[name].count(Analysis.of(window, known))


def test_successions_are_compared_with_the_half_without_the_piece() -> None:
    plain = chords(TONIC, SUBDOMINANT, SEVENTH, TONIC)
    other = chords(TONIC, SEVENTH, TONIC, SEVENTH)
    first = Chorale(pitches=plain.pitches, key=plain.key, source="a")
    second = Chorale(pitches=other.pitches, key=other.key, source="b")
    known = Progressions.of([first, second])
    # Each of its own half: only what the other has is seen.
    assert unseen("unseen_pairs", first, known) == (2, 3)
    assert unseen("unseen_pairs", second, known) == (2, 3)
    # Another piece is compared with both halves.
    assert unseen("unseen_pairs", plain, known) == (2, 6)
    assert unseen("unseen_triples", plain, known) == (2, 4)


def test_without_a_corpus_nothing_is_counted() -> None:
    assert unseen("unseen_pairs", chords(TONIC, DOMINANT), None) == (0, 0)


@pytest.mark.parametrize("semitones", [-5, 2])
def test_successions_are_the_same_in_any_key(semitones: int) -> None:
    plain = chords(TONIC, SUBDOMINANT, SEVENTH, TONIC)
    known = Progressions.of([plain, plain.transpose(1)])
    assert unseen("unseen_triples", plain.transpose(semitones), known)[0] == 0
