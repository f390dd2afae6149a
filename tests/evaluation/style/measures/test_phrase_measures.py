"""Measures of phrase ends, dissonances and form on hand-made pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_made import chords, fermatas, piece

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures import foreign_notes, form, phrases
from chorale.evaluation.style.weak_endings import weak_phrase_ends
from chorale.evaluation.style.windows import Window
from chorale.music.score import Chorale
from chorale.voice_leading.checking import check_and_count

MEASURES = {**phrases.MEASURES, **foreign_notes.MEASURES, **form.MEASURES}
TONIC = [72, 67, 64, 48]
SIXTH = [72, 67, 60, 52]
SUBDOMINANT = [72, 69, 65, 53]
DOMINANT = [71, 67, 62, 55]
SEVENTH = [71, 65, 62, 43]
PHRASE_END_RULES = ("phrase-end-dissonance", "phrase-end-inversion")


def counted(
    name: str, chorale: Chorale, start: int = 0, *, is_cut: bool = False
) -> tuple[float, float]:
    return MEASURES[name].count(Analysis.of(Window(chorale, start, "", is_cut)))


# === Phrase ends ===


def three_phrases(last: list[int]) -> Chorale:
    rows = [TONIC, SUBDOMINANT, SEVENTH, TONIC]
    rows += [TONIC, SUBDOMINANT, SUBDOMINANT, DOMINANT]
    rows += [TONIC, SUBDOMINANT, SEVENTH, last]
    return chords(*rows, fermatas=fermatas(48, (12, 16), (28, 32), (44, 48)))


def test_phrase_ends_by_cadence_and_chord() -> None:
    chorale = three_phrases(TONIC)
    assert counted("phrase_ends_pac", chorale) == (2, 3)
    assert counted("phrase_ends_hc", chorale) == (1, 3)
    assert counted("phrase_ends_on_root", chorale) == (3, 3)
    assert counted("phrase_ends_inverted", chorale) == (0, 3)
    assert counted("phrase_ends_pac", chorale, 16) == (1, 2)
    assert counted("complete_end", chorale) == (1, 1)
    inverted = three_phrases(SIXTH)
    assert counted("phrase_ends_inverted", inverted) == (1, 3)
    assert counted("phrase_ends_on_root", inverted) == (2, 3)
    assert counted("complete_end", inverted) == (0, 1)
    dissonant = three_phrases([74, 67, 64, 48])
    assert counted("phrase_ends_dissonant", dissonant) == (1, 3)


def test_phrases_rest_as_the_rules_of_part_writing_say() -> None:
    marked = fermatas(16, (12, 16))
    # A suspension that resolves in the last chord is no dissonance.
    sounds = [(72, 4), (72, 4), (71, 4), (74, 2), (72, 2)]
    suspended = piece(
        sounds,
        [(67, 4), (69, 4), (67, 4), (67, 4)],
        [(64, 4), (65, 4), (65, 4), (64, 4)],
        [(48, 4), (53, 4), (55, 4), (48, 4)],
        fermatas=marked,
    )
    # Two voices make no chord.
    bass = [(48, 4), (53, 4), (55, 4), (52, 4)]
    two = piece(sounds, [(0, 16)], [(0, 16)], bass, fermatas=marked)
    for chorale, ends in ((suspended, 1), (two, 0)):
        faults, tallies = check_and_count(chorale, rules=PHRASE_END_RULES)
        assert faults == []
        assert all(tally.opportunities == ends for tally in tallies.values())
        assert counted("phrase_ends_on_root", chorale) == (ends, ends)
        assert counted("phrase_ends_dissonant", chorale) == (0, ends)
        assert counted("phrase_ends_inverted", chorale) == (0, ends)
    assert weak_phrase_ends(Analysis.of(Window(two, 0, ""))) == []


@pytest.mark.parametrize(
    ("kind", "last_two"),
    [
        ("pac", [SEVENTH, TONIC]),
        ("iac", [SEVENTH, [76, 67, 60, 48]]),
        ("iac", [[74, 71, 65, 50], TONIC]),
        ("hc", [SUBDOMINANT, DOMINANT]),
        ("dc", [[71, 67, 62, 55], [72, 64, 60, 57]]),
        ("plagal", [SUBDOMINANT, TONIC]),
        ("none", [DOMINANT, [74, 69, 65, 50]]),
    ],
)
def test_phrase_ends_by_kind(kind: str, last_two: list[list[int]]) -> None:
    chorale = chords(TONIC, SUBDOMINANT, TONIC, *last_two)
    for other in ("pac", "iac", "hc", "dc", "plagal", "none"):
        assert counted(f"phrase_ends_{other}", chorale) == (int(other == kind), 1)


def test_a_cut_window_has_no_ending() -> None:
    chorale = replace(three_phrases(TONIC), fermatas=fermatas(48, (12, 16), (28, 32)))
    assert counted("phrase_ends_pac", chorale) == (2, 3)
    assert counted("phrase_ends_pac", chorale, is_cut=True) == (1, 2)
    assert counted("complete_end", chorale, is_cut=True) == (0, 0)


def test_keys_of_phrase_ends_differ_or_not() -> None:
    chorale = three_phrases(TONIC)
    assert counted("other_key_next", chorale) == (0, 2)
    assert counted("phrase_ends_elsewhere", chorale) == (0, 3)
    g, d = [74, 67, 59, 55], [74, 66, 57, 50]
    there = [g, d, g, [76, 67, 59, 52], [72, 69, 64, 57], [72, 66, 62, 50], g]
    rows = [TONIC, SUBDOMINANT, SEVENTH, TONIC, *there]
    away = chords(*rows, fermatas=fermatas(44, (12, 16), (40, 44)))
    assert counted("other_key_next", away) == (1, 1)
    assert counted("phrase_ends_elsewhere", away) == (1, 2)


# === Dissonances ===


def over_tonic(soprano: list[tuple[int, int]]) -> Chorale:
    steps = sum(length for _, length in soprano)
    return piece(soprano, [(67, steps)], [(64, steps)], [(48, steps)])


def over_two(
    soprano: list[tuple[int, int]],
    bass: list[tuple[int, int]],
    tenor: tuple[int, int],
) -> Chorale:
    """Lay a soprano over two chords of a quarter each with a G in the alto."""
    return piece(soprano, [(67, 8)], [(pitch, 4) for pitch in tenor], bass)


@pytest.mark.parametrize(
    ("kind", "chorale"),
    [
        ("passing", over_tonic([(72, 2), (74, 2), (76, 4)])),
        ("neighbour", over_tonic([(72, 2), (74, 2), (72, 4)])),
        ("escape", over_tonic([(72, 2), (74, 2), (67, 4)])),
        ("appoggiatura", over_tonic([(72, 4), (77, 2), (76, 2)])),
        ("suspension", over_two([(72, 6), (71, 2)], [(48, 4), (55, 4)], (64, 62))),
        ("retardation", over_two([(71, 6), (72, 2)], [(55, 4), (48, 4)], (62, 64))),
        (
            "anticipation",
            over_two([(71, 2), (72, 2), (72, 4)], [(55, 4), (48, 4)], (62, 64)),
        ),
    ],
)
def test_non_chord_tones_by_kind(kind: str, chorale: Chorale) -> None:
    notes = sum(len(chorale.notes(voice)) for voice in range(4))
    found = {
        name: counted(name, chorale)
        for name in foreign_notes.MEASURES
        if name != "resolved_sevenths"
    }
    assert found == {name: (int(name == f"{kind}_tones"), notes) for name in found}


@pytest.mark.parametrize(("after", "resolved"), [(64, 1), (67, 0)])
def test_sevenths_resolve_down_by_step(after: int, resolved: int) -> None:
    chorale = chords(TONIC, [74, 71, 65, 43], [72, 72, after, 48])
    assert counted("resolved_sevenths", chorale) == (resolved, 1)
    # Across a phrase nothing has to resolve.
    marked = replace(chorale, fermatas=fermatas(12, (4, 8)))
    assert counted("resolved_sevenths", marked) == (0, 0)


# === Form ===


def test_a_literal_stollen_is_counted() -> None:
    stollen = [TONIC, SUBDOMINANT, SEVENTH, TONIC] * 2
    abgesang = [DOMINANT, TONIC, [74, 67, 59, 55], [74, 69, 66, 50]]
    rows = [*stollen, *stollen, *abgesang]
    marks = fermatas(80, (28, 32), (60, 64), (76, 80))
    chorale = chords(*rows, fermatas=marks)
    again = replace(
        chorale, onsets=np.array(chorale.onsets) | (np.arange(80) == 32)[:, None]
    )
    first = replace(
        again, onsets=np.array(again.onsets) | (np.arange(80) == 0)[:, None]
    )
    assert counted("literal_stollen", first) == (1, 1)
    assert counted("phrases_again", first) == (1, 3)
    varied = np.array(first.pitches)
    varied[36:40, 1] = 65
    assert counted("literal_stollen", replace(first, pitches=varied, onsets=None)) == (
        0,
        1,
    )


def test_eight_beats_again_are_not_the_same_beats() -> None:
    bar = [(72, 4), (74, 4), (76, 4), (77, 4)]
    other = [(79, 4), (77, 4), (76, 4), (74, 4)]
    twice = piece(bar + other + bar + other, [(67, 64)])
    assert counted("soprano_eight_beats_again", twice) == (1, 9)
    # A note that is held before and after is not attacked again in the alto.
    assert counted("eight_beats_again", twice) == (0, 9)
    # Overlapping stretches of one note are no repetition of eight beats.
    assert counted("soprano_eight_beats_again", piece([(72, 4)] * 12)) == (0, 5)
