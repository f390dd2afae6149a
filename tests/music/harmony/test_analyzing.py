"""The harmonic analysis of progressions whose numerals are known."""

from __future__ import annotations

import time

import numpy as np
import pytest
from bach import all_chorales, few_chorales
from hypothesis import given, settings
from hypothesis import strategies as st
from progressions import kinds, numerals, progression
from strategies import chorales, little_chorale

import chorale
from chorale import analyze
from chorale.errors import DataError
from chorale.music.harmony.cadences import KINDS
from chorale.music.harmony.form import form_of
from chorale.music.harmony.templates import QUALITIES
from chorale.music.spelling import diatonic_numbers

# Voices, options, numerals, and the kind, key and soprano degree of each cadence.
PROGRESSIONS = {
    "perfect authentic": (
        ("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 F4 E4", "C3 F3 G3 C3"),
        {},
        "C: I IV V7 I",
        [("PAC", "C major", "1")],
    ),
    "half": (
        ("C5 A4 B4.8", "G4 F4 G4.8", "E4 C4 D4.8", "C3 F3 G2.8"),
        {},
        "C: I IV V",
        [("HC", "C major", "7")],
    ),
    "cadential six-four": (
        (
            "C5 C5 C5 B4 C5.16",
            "G4 A4 G4 F4 E4.16",
            "E4 D4 E4 D4 C4.16",
            "C3 F3 G3 G2 C3.16",
        ),
        {},
        "C: I ii65 Cad64 V7 I",
        [("PAC", "C major", "1")],
    ),
    "a fourth over the dominant, reached by leap": (
        ("G4.8 C5 B4 C5.16", "E4.8 D4.8 E4.16", "C4.8 G3.8 G3.16", "C3.8 G3.8 C3.16"),
        {},
        "C: I V I",
        [("PAC", "C major", "1")],
    ),
    "minor with a Picardy third": (
        ("A4 A4 G#4 A4", "E4 F4 E4 E4", "C4 B3 B3 C#4", "A2 D3 E3 A2"),
        {"key": "A minor"},
        "a: i iiø65 V I",
        [("PAC", "A minor", "1")],
    ),
    "Phrygian half cadence": (
        ("A4 A4 G#4.8", "E4 D4 E4.8", "C4 A3 B3.8", "A2 F2 E2.8"),
        {"key": "A minor"},
        "a: i iv6 V",
        [("HC", "A minor", "#7")],
    ),
    "deceptive": (
        ("C5 D5 B4 C5", "G4 F4 G4 E4", "E4 A3 F4 C4", "C3 F3 G3 A3"),
        {},
        "C: I ii6 V7 vi",
        [("DC", "C major", "1")],
    ),
    "plagal": (
        (
            "C5 B4 C5 C5 C5.16",
            "E4 D4 E4 F4 E4.16",
            "G4 G4 G4 A4 G4.16",
            "C3 G3 C3 F3 C3.16",
        ),
        {},
        "C: I V I IV I",
        [("plagal", "C major", "1")],
    ),
    "applied dominant": (
        ("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 D4 D4 E4", "C3 F#3 G3 C3"),
        {},
        "C: I V65/V V I",
        [("PAC", "C major", "1")],
    ),
    "imperfect authentic": (
        ("C5 D5 E5", "G4 G4 G4", "E4 B3 C4", "C3 G3 C3"),
        {},
        "C: I V I",
        [("IAC", "C major", "3")],
    ),
    "leading-tone chord": (
        ("C5 D5 E5 C5", "G4 F4 G4 G4", "E4 B3 C4 E4", "C3 D3 E3 C3"),
        {},
        "C: I vii°6 I6 I",
        [("IAC", "C major", "1")],
    ),
    "seventh in the bass": (
        ("C5 D5 C5 C5", "G4 G4 G4 A4", "E4 B3 C4 C4", "C3 F3 E3 F3"),
        {},
        "C: I V42 I6 IV",
        [("none", "C major", "1")],
    ),
    "diminished seventh": (
        (
            "C5 B4 C5 B4 C5",
            "Eb4 F4 G4 G4 G4",
            "G4 D4 Eb4 D4 Eb4",
            "C3 Ab3 G3 G2 C3",
        ),
        {"key": "C minor"},
        "c: i vii°42 Cad64 V i",
        [("PAC", "C minor", "1")],
    ),
    "applied leading-tone chord": (
        ("C5 C5 B4 C5", "A4 A4 G4 G4", "F4 Eb4 D4 E4", "F3 F#3 G3 C3"),
        {},
        "C: IV vii°7/V V I",
        [("PAC", "C major", "1")],
    ),
    "applied to the subdominant": (
        (
            "C5 C5 C5 B4 C5",
            "G4 G4 F4 F4 E4",
            "E4 E4 A3 D4 C4",
            "C3 Bb2 A2 G2 C3",
        ),
        {},
        "C: I V42/IV IV6 V7 I",
        [("PAC", "C major", "1")],
    ),
    "applied to the submediant": (
        (
            "C5 B4 C5 B4 C5",
            "G4 E4 E4 F4 E4",
            "E4 D4 C4 D4 C4",
            "C3 G#3 A3 G3 C3",
        ),
        {},
        "C: I V65/vi vi V7 I",
        [("PAC", "C major", "1")],
    ),
    "to the relative major and back": (
        (
            "A4 B4 C5 B4 A4.8 C5.8 C5 D5 B4 C5 C5 B4 C5.8 A4 B4 B4 G#4 A4.16",
            "E4 E4 E4 E4 E4.8 E4.8 G4 A4 G4 G4 A4 G4 G4.8 E4 F4 E4 E4 E4.16",
            "C4 G#3 A3 G#3 C4.8 A3.8 E4 F4 D4 E4 F4 D4 E4.8 C4 D4 B3 B3 C#4.16",
            "A3 E3 A3 E3 A3.8 A3.8 C4 F3 G3 C3 F3 G3 C3.8 A3 D3 E3 E3 A2.16",
        ),
        {"key": "A minor", "fermatas": [(24, 32), (56, 64)]},
        "a: i V i V i C: I ii6 V I IV V I a: i ii°6 V I",
        [("IAC", "A minor", "3"), ("PAC", "C major", "1"), ("PAC", "A minor", "1")],
    ),
    "to the dominant and back": (
        (
            "E4 D4 C4 D4 E4.8 C4.8 D4 G4 F#4 G4 A4 F#4 G4.8 E4 D4 D4 C4 C4 B3 C4.8",
            "C4 B3 G3 B3 C4.8 G3.8 D4 D4 D4 D4 E4 D4 D4.8 C4 A3 B3 C4 A3 G3 G3.8",
            "G3 G3 E3 G3 G3.8 E3.8 B3 B3 A3 B3 C4 A3 B3.8 G3 F3 G3 G3 F3 F3 E3.8",
            "C3 G3 C3 G2 C3.8 C3.8 G3 G3 D3 G3 C3 D3 G2.8 C3 D3 G3 E3 F3 G2 C3.8",
        ),
        {"fermatas": [(24, 32), (56, 64)]},
        "C: I V I V I G: I V I ii6 V I C: I ii V I6 IV V7 I",
        [("PAC", "C major", "1"), ("PAC", "G major", "1"), ("PAC", "C major", "1")],
    ),
    "Neapolitan sixth": (
        ("C5 Db5 B4 C5", "G4 Ab4 G4 G4", "Eb4 F4 D4 Eb4", "C3 F3 G3 C3"),
        {"key": "C minor"},
        "c: i N6 V i",
        [("PAC", "C minor", "1")],
    ),
    "German sixth": (
        (
            "C5 C5 C5 B4 C5",
            "G4 F#4 G4 G4 G4",
            "Eb4 Eb4 Eb4 D4 Eb4",
            "C3 Ab2 G2 G2 C3",
        ),
        {"key": "C minor"},
        "c: i Ger6 Cad64 V i",
        [("PAC", "C minor", "1")],
    ),
    "Italian sixth": (
        ("C5 C5 B4 C5", "G4 F#4 G4 G4", "Eb4 C4 D4 Eb4", "C3 Ab2 G2 C3"),
        {"key": "C minor"},
        "c: i It6 V i",
        [("PAC", "C minor", "1")],
    ),
    "French sixth": (
        ("C5 C5 B4 C5", "G4 F#4 G4 G4", "Eb4 D4 D4 Eb4", "C3 Ab2 G2 C3"),
        {"key": "C minor"},
        "c: i Fr6 V i",
        [("PAC", "C minor", "1")],
    ),
    "3/4": (
        ("G4 A4 B4 C5.12", "E4 F4 F4 E4.12", "C4 C4 D4 C4.12", "C3 F3 G3 C3.12"),
        {"metre": "3/4"},
        "C: I IV V7 I",
        [("PAC", "C major", "1")],
    ),
    "6/8": (
        (
            "E4.2 F4.2 G4.2 A4.4 A4.2 B4.6 C5.6",
            "C4.6 C4.6 D4.6 E4.6",
            "G3.6 F3.6 G3.6 G3.6",
            "C3.6 F3.6 G3.6 C3.6",
        ),
        {"metre": "6/8"},
        "C: I IV V I",
        [("PAC", "C major", "1")],
    ),
    "two phrases with a pickup": (
        (
            "G4 C5 A4 B4 C5.8 G4 A4 B4 C5 C5 B4 C5",
            "D4 E4 F4 D4 E4.8 D4 D4 D4 E4 A4 G4 G4",
            "B3 G3 C4 G3 G3.8 B3 C4 G3 G3 D4 D4 E4",
            "G3 C3 F3 G3 C3.8 G3 F#3 G3 C3 F3 G3 C3",
        ),
        {"pickup": 4, "fermatas": [(16, 24)]},
        "C: V I IV V I V V65/V V I ii65 V I",
        [("PAC", "C major", "1"), ("PAC", "C major", "1")],
    ),
}


@pytest.mark.parametrize("name", PROGRESSIONS)
def test_a_progression_has_its_numerals_and_cadences(name: str) -> None:
    voices, options, expected, ends = PROGRESSIONS[name]
    analysis = analyze(progression(*voices, **options))
    assert numerals(analysis) == expected
    cadences = [phrase.cadence for phrase in analysis.phrases]
    assert ends == [
        (cadence.kind, cadence.key.name, cadence.soprano)
        for cadence in cadences
        if cadence
    ]


# Voices, and voice, kind and first step of the non-chord tones.
FOREIGN = {
    "passing": (
        ("C5 B4.2 A4.2 G4 C5", "G4 E4 G4 G4", "E4 C4 D4 E4", "C3 A2 B2 C3"),
        [(0, "passing", 4)],
    ),
    "suspension": (
        ("C5 C5.2 B4.2 C5", "G4 G4 G4", "E4 D4 E4", "C3 G3 C3"),
        [(0, "suspension", 4)],
    ),
    "anticipation": (
        ("D5 B4.2 C5.2 C5.8", "A4 G4 E4.8", "F4 D4 E4.8", "F3 G3 C3.8"),
        [(0, "anticipation", 6)],
    ),
    "escape": (
        ("G4 G4.2 A4.2 E4 E4", "E4 D4 C4 C4", "C4 B3 G3 G3", "C3 G3 C3 C3"),
        [(0, "escape", 6)],
    ),
    "appoggiatura": (
        ("E5 C5.2 B4.2 C5 C5", "C5 G4 G4 G4", "G4 D4 E4 E4", "C4 G3 C3 C3"),
        [(0, "appoggiatura", 4)],
    ),
    "pedal": (
        (
            "C5 D5 C5 B4 C5.4 C5.12",
            "G4 A4 A4 G4 G4.4 G4.12",
            "E4 F4 F4 D4 E4.4 E4.12",
            "C3.20 C3.12",
        ),
        [(3, "pedal", 12)],
    ),
    "retardation": (
        ("B4 B4.2 C5.2 C5.8", "G4 G4 G4.8", "D4 E4 E4.8", "G3 C3 C3.8"),
        [(0, "retardation", 4)],
    ),
    "ornamented suspension": (
        ("C5 C5.2 A4.2 B4 C5.8", "G4 G4 G4 G4.8", "E4 D4 D4 E4.8", "C3 G3 G3 C3.8"),
        [(0, "suspension", 4), (0, "appoggiatura", 6)],
    ),
    "neighbour": (
        ("C5 C5.2 D5.2 C5 C5", "G4 G4 A4 G4", "E4 E4 F4 E4", "C3 C3 F3 C3"),
        [(0, "neighbour", 6)],
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_non_chord_tones_are_named(name: str) -> None:
    voices, expected = FOREIGN[name]
    assert kinds(analyze(progression(*voices))) == expected


def test_a_suspension_has_its_preparation_and_resolution() -> None:
    voices = FOREIGN["suspension"][0]
    (tone,) = analyze(progression(*voices)).non_chord_tones
    assert (tone.preparation, tone.start, tone.end, tone.resolution) == (0, 4, 6, 6)


def test_silence_has_no_harmony() -> None:
    silent = chorale.Chorale(pitches=np.zeros((32, 4), int))
    analysis = analyze(silent)
    assert analysis.harmonies == analysis.non_chord_tones == ()
    assert [phrase.cadence for phrase in analysis.phrases] == [None]
    assert (analysis.harmony_at == -1).all()


def test_a_melody_alone_has_phrases_and_no_harmony() -> None:
    piece = little_chorale()
    melody = chorale.melody_of(piece).chorale
    analysis = analyze(melody)
    assert analysis.harmonies == analysis.non_chord_tones == ()
    assert len(analysis.phrases) == len(analyze(piece).phrases)


def test_a_spelling_of_another_shape_is_refused() -> None:
    with pytest.raises(DataError, match=r"spelling of shape \(64, 4\), got \(3, 4\)"):
        analyze(little_chorale(), np.zeros((3, 4), int))


@given(chorales())
@settings(deadline=None, max_examples=60)
def test_any_piece_can_be_analyzed(piece: chorale.Chorale) -> None:
    analysis = analyze(piece)
    voices = (piece.pitches > 0).sum(axis=1)
    at = analysis.harmony_at
    assert (at[voices > 1] >= 0).all()
    ends = [harmony.end for harmony in analysis.harmonies]
    assert ends == sorted(ends)
    assert {harmony.quality for harmony in analysis.harmonies} <= set(QUALITIES)
    assert analysis.phrases[0].start == 0
    assert analysis.phrases[-1].end == piece.steps
    for tone in analysis.non_chord_tones:
        assert (piece.pitches[tone.start : tone.end, tone.voice] == tone.pitch).all()
        if tone.preparation is not None:
            assert tone.preparation < tone.start
            assert piece.pitches[tone.preparation, tone.voice] == tone.pitch
        if tone.resolution is not None:
            assert tone.resolution >= tone.end
            assert piece.onsets[tone.resolution, tone.voice]


@given(st.integers(-11, 11).filter(bool), st.integers(0, 41))
@settings(deadline=None, max_examples=20)
def test_transposing_a_piece_transposes_its_keys_only(by: int, index: int) -> None:
    corpus = few_chorales()
    piece = [*corpus.train, *corpus.valid][index]
    here, there = analyze(piece), analyze(piece.transpose(by))
    assert there.form == here.form
    assert len(there.harmonies) == len(here.harmonies)
    for before, after in zip(here.harmonies, there.harmonies, strict=True):
        assert after.numeral == before.numeral
        assert after.root == (before.root + by) % 12
        assert after.key.mode == before.key.mode
        assert after.key.tonic_class == (before.key.tonic_class + by) % 12
    assert [tone.kind for tone in there.non_chord_tones] == [
        tone.kind for tone in here.non_chord_tones
    ]


def test_a_passing_fifth_in_the_bass_makes_no_six_four() -> None:
    piece = progression(
        "C5 C5 B4 C5", "E4 A4 G4 G4", "G4 F4 D4 E4", "C3.2 G3.2 F3 G3 C3"
    )
    assert numerals(analyze(piece)) == "C: I IV V I"
    piece = progression(
        "C5 C5 C5 B4 C5", "E4 E4 A4 G4 G4", "G4 G4 F4 D4 E4", "C3 G3 F3 G3 C3"
    )
    assert numerals(analyze(piece)) == "C: I I64 IV V I"


def test_every_chorale_ends_on_a_cadence_or_nearly() -> None:
    corpus = all_chorales()
    pieces = [*corpus.train, *corpus.valid]
    before = time.process_time()
    analyses = [analyze(piece) for piece in pieces]
    assert time.process_time() - before < 30  # it takes about 1.5
    ends = [analysis.phrases[-1].cadence for analysis in analyses]
    kinds = [end.kind for end in ends if end]
    assert len(kinds) == len(pieces)
    assert set(kinds) <= set(KINDS)
    assert kinds.count("PAC") > 0.8 * len(kinds)
    assert kinds.count("none") < 0.03 * len(kinds)


def test_one_melody_sets_the_form() -> None:
    voices = ("C5 C5 B4 C5.4", "G4 A4 G4 G4.4", "E4 F4 F4 E4.4", "C3 F3 G3 C3.4")
    other = ("G4 A4 G4 G4.4", "E4 F4 D4 E4.4", "C4 C4 B3 C4.4", "C3 F3 G3 C3.4")
    third = ("E5 D5 D5 C5.4", "C5 A4 B4 G4.4", "G4 F4 F4 E4.4", "C4 D4 G3 C3.4")
    phrases = [voices, other, voices, other, third]
    lines = [" ".join(words) for words in zip(*phrases, strict=True)]
    fermatas = [(end - 4, end) for end in range(16, 81, 16)]
    piece = progression(*lines, fermatas=fermatas)
    analysis = analyze(piece)
    assert analysis.form == "a b a b c"
    assert analysis.stollen == 2
    repeats = [phrase.repeats for phrase in analysis.phrases]
    assert [repeat and repeat.kind for repeat in repeats] == [
        *(None, None, "literal", "literal", None)
    ]
    # Another bass under the same melody; then the same a fifth higher.
    pitches = piece.pitches.copy()
    pitches[32:36, 3] = 57
    varied = analyze(chorale.Chorale(pitches=pitches, fermatas=piece.fermatas))
    assert [phrase.repeats and phrase.repeats.kind for phrase in varied.phrases] == [
        *(None, None, "melody", "literal", None)
    ]
    ornamented = pitches.copy()
    ornamented[34:36, 0] = 74
    phrases = analyze(chorale.Chorale(pitches=ornamented, fermatas=piece.fermatas))
    assert phrases.form == "a b a' b c"
    assert phrases.phrases[2].repeats
    assert phrases.phrases[2].repeats.kind == "varied"
    pitches[32:48] += 7
    moved = analyze(chorale.Chorale(pitches=pitches, fermatas=piece.fermatas))
    repeat = moved.phrases[2].repeats
    assert repeat and (repeat.of, repeat.transposition) == (0, 7)
    assert moved.form == "a b a' b c"
    transposed = chorale.Chorale(pitches=pitches, fermatas=piece.fermatas)
    for each in (piece, transposed, chorale.Chorale(pitches=ornamented)):
        assert form_of(each) == analyze(each).form


def test_labels_name_keys_where_they_begin() -> None:
    analysis = analyze(little_chorale())
    labels = analysis.numerals()
    assert labels[0] == (0, "a: i")
    steps = [step for step, _ in labels]
    assert steps == sorted(set(steps))
    assert {text for _, text in labels[1:]} & {"V", "i", "VI"}


def test_the_tonicized_degree_is_the_key_of_its_cadence() -> None:
    end = (
        analyze(
            progression(
                "G4 A4 B4 C5 Bb4 A4.16",
                "D4 F4 F4 E4 E4 F4.16",
                "B3 C4 D4 C4 G4 C4.16",
                "G3 F3 D3 C3 C3 F3.16",
                fermatas=[(20, 36)],
            )
        )
        .phrases[-1]
        .cadence
    )
    assert end
    assert (end.kind, end.key.name, end.soprano) == ("IAC", "F major", "3")


# Read by hand from the scores: phrases by their index, with numerals and cadence.
BACH = {
    "bwv360": {
        0: ("Bb: I IV6 iii vi7 ii I V", "HC", "Bb major"),
        1: ("I vii°6 iii vi ii65 V I", "PAC", "Bb major"),
        2: ("c: IV vii°6 i i6 V V7 i", "PAC", "C minor"),
        3: ("Eb: vi V V42 I6 I V V7 I", "PAC", "Eb major"),
        4: ("Bb: vi IV I6 IV V65 I V", "HC", "Bb major"),
        5: ("I IV6 V6 V I ii65 V I", "PAC", "Bb major"),
    },
    "bwv253": {
        0: ("A: I V6 I D: I6 IV V I", "PAC", "D major"),
        1: ("A: I V V7 vi IV IV6 I I6 V V7 I", "PAC", "A major"),
        2: ("I V V7 V6/vi vi E: V V42 I6 vii°6 I", "IAC", "E major"),
        3: ("A: V/vi vi IV6 I vi6 vi I6 V V7 I", "PAC", "A major"),
    },
    "bwv269": {  # in 3/4
        1: ("I V6 vi65 vii°6 I6 ii65 V V7 I", "PAC", "G major"),
        6: ("G: I V6 V65 I vii°6 I6 I V V7 vi IV I V", "HC", "G major"),
    },
    "bwv48.3": {1: ("bb: V42 i6 g: vii°43 i", "IAC", "G minor")},
    "bwv310": {
        2: ("e: i V6 i i6 iv V V7 VI", "DC", "E minor"),
        3: ("V V42 i6 vii°6 i V V7 I", "PAC", "E minor"),
    },
}


@pytest.mark.parametrize("source", BACH)
def test_chorales_by_bach_are_read_as_a_teacher_reads_them(source: str) -> None:
    corpus = all_chorales()
    (piece,) = (
        piece for piece in (*corpus.train, *corpus.valid) if piece.source == source
    )
    analysis = analyze(piece)
    labels = analysis.numerals()
    for index, expected in BACH[source].items():
        phrase = analysis.phrases[index]
        texts = [text for step, text in labels if phrase.start <= step < phrase.end]
        assert phrase.cadence
        cadence = phrase.cadence
        assert (" ".join(texts), cadence.kind, cadence.key.name) == expected


def test_the_spelling_decides_between_a_german_sixth_and_a_seventh() -> None:
    voices, options, expected, _ = PROGRESSIONS["German sixth"]
    piece = progression(*voices, **options)
    assert piece.key
    spelling = diatonic_numbers(piece.pitches, piece.key)
    assert numerals(analyze(piece, spelling)) == expected
    spelling[4:8, 1] += 1  # G flat for F sharp
    assert "Ger6" not in numerals(analyze(piece, spelling))
