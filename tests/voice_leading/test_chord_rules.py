"""Rules about chords and phrases: metre, fermatas, keys, and what they say."""

from __future__ import annotations

import pytest
from progressions import progression

from chorale.corpus.loading import load_corpus
from chorale.music.metre import Metre
from chorale.music.score import Chorale
from chorale.voice_leading.checking import check
from chorale.voice_leading.metrical_weights import metrical_weights

CHORD = ("C5", "G4", "E4", "C3")


def said(chorale: Chorale, rule: str) -> list[tuple[int, float, str]]:
    """Return bar, beat and message of what a rule finds."""
    return [
        (finding.bar, finding.beat, finding.message)
        for finding in check(chorale, rules=[rule])
    ]


# === Metre ===


@pytest.mark.parametrize(
    ("metre", "weights"),
    [
        ("4/4", "2121"),
        ("2/2", "2121"),
        ("3/4", "211"),
        ("2/4", "21"),
        ("5/4", "21111"),
        ("3/2", "312121"),
        ("6/4", "211211"),
        ("6/8", "21"),
        ("12/8", "2121"),
        ("3/8", "2"),
    ],
)
def test_weights_of_the_beats(metre: str, weights: str) -> None:
    time = Metre.parse(metre)
    steps = time.bar_length
    piece = progression(*(f"{note}.{steps}" for note in CHORD), metre=metre)
    at = metrical_weights(piece)
    assert "".join(str(weight) for weight in at[:: time.beat_length]) == weights
    assert at.sum() == sum(map(int, weights))  # nothing off the beats


@pytest.mark.parametrize(
    ("metre", "pickup", "expected"),
    [
        # V begins on beat 2 and lasts into beat 3, the middle of the bar.
        ("4/4", 0, [(1, 3)]),
        ("3/4", 0, []),  # from beat 2 to beat 3, which is as weak
        ("3/4", 8, [(1, 1)]),  # from beat 3 to the barline
        ("4/4", 8, [(1, 1)]),
        ("4/4", 12, []),  # from beat 3 to beat 4
    ],
)
def test_a_harmony_is_syncopated_by_the_metre(
    metre: str, pickup: int, expected: list[tuple[int, float]]
) -> None:
    piece = progression(
        "C5 D5.8 C5 A4 B4 C5.8",
        "G4 G4.8 G4 F4 G4 G4.8",
        "E4 B3.8 E4 C4 D4 E4.8",
        "C3 G3.8 C3 F3 G2 C3.8",
        metre=metre,
        pickup=pickup,
    )
    assert [found[:2] for found in said(piece, "syncopation")] == expected


def test_a_jig_of_tied_chords_is_syncopated() -> None:
    piece = progression(
        "C5 B4.8 C5.8 A4.8 B4.8 C5.12",
        "G4 G4.8 G4.8 F4.8 G4.8 G4.12",
        "E4 D4.8 E4.8 C4.8 D4.8 E4.12",
        "C3 G3.8 C3.8 F3.8 G3.8 C3.12",
        metre="6/8",
    )
    found = said(piece, "syncopation")
    assert [place[:2] for place in found] == [(1, 4), (3, 1), (3, 4)]
    sentence = "V of C major begins on beat 3 and lasts into beat 4, which is stronger"
    assert found[0][2] == f"bass: {sentence}"


def test_a_cadential_six_four_begins_its_dominant() -> None:
    upper = "C5 C5 C5 C5 C5 B4 B4 B4 C5.16", "E4 F4 F4 F4 E4 D4 D4 D4 E4.16"
    tenor = "G4 A4 A4 A4 G4 G4 F4 F4 G4.16"
    cadential = progression(*upper, tenor, "C3 F3 A3 D3 G3 G3 G3 G3 C3.16")
    assert said(cadential, "syncopation") == []
    # Over another bass it does not.
    passing = progression(*upper, tenor, "C3 F3 A3 D3 E3 G3 G3 G3 C3.16")
    assert [place[:2] for place in said(passing, "syncopation")] == [(2, 3)]


def test_the_first_and_the_last_chord_of_a_phrase_may_last() -> None:
    piece = progression(
        "C5 C5 B4 C5 B4.8 C5 C5 B4 C5.12",
        "G4 G4 G4 G4 G4.8 G4 G4 G4 G4.12",
        "E4 E4 D4 E4 D4.8 E4 E4 D4 E4.12",
        "C3 C3 G3 C3 G3.8 C3 C3 G3 C3.12",
        pickup=4,
        fermatas=[(16, 24), (36, 48)],
    )
    assert said(piece, "syncopation") == []


# === Chords ===


def test_messages_name_notes_and_chords() -> None:
    piece = progression(
        "D5 E5 D5 E5 C#5 D5.12",
        "A4 A4 A4 G4 A4 A4.12",
        "F#4 E4 F#4 E4 E4 F#4.12",
        "D3 A3 D3 A2 A2 D3.12",
        key="D major",
    )
    assert said(piece, "open-fifth") == [
        (1, 2, "all voices: only A and E sound, the third is missing")
    ]
    assert said(piece, "missing-third") == []
    six_four = progression(
        "C5 D5 D5 E5.12",
        "G4 A4 G4 G4.12",
        "E4 F4 B3 C4.12",
        "C3 A2 G2 C3.12",
    )
    assert said(six_four, "unprepared-six-four") == [
        (
            1,
            2,
            "bass: ii64 of C major is neither cadential, passing, pedal nor "
            "arpeggiated",
        )
    ]


def test_a_seventh_chord_has_a_third() -> None:
    piece = progression(
        "D5 E5 D5 D5.12",
        "A4 A4 A4 A4.12",
        "F#4 G4 F#4 F#4.12",
        "D3 A2 D3 D3.12",
        key="D major",
    )
    assert said(piece, "missing-third") == [
        (1, 2, "all voices: V7 of D major has no third, C#")
    ]


def test_two_voices_are_no_chord() -> None:
    piece = progression(
        "C5 D5 C5 C5 G4 A4 B4 C5",
        "r.32",
        "r.32",
        "C3 G3 C3 C3 C3 D3 G3 C3",
    )
    for rule in ("open-fifth", "missing-third", "phrase-end-inversion"):
        assert said(piece, rule) == []


# === Ends of phrases ===


def test_a_suspension_may_resolve_under_a_fermata() -> None:
    lines = ("C5 C5 B4 C5 D5 B4 C5.8", "G4 A4 G4 G4 A4 G4 G4.8")
    tenors = ("E4 F4 D4 F4.2 E4.2 D4 D4 E4.8", "E4 F4 D4 F4 D4 D4 E4.8")
    for tenor, count in zip(tenors, (0, 1), strict=True):
        piece = progression(
            *lines, tenor, "C3 F3 G3 C3 F3 G3 C3.8", fermatas=[(12, 16), (24, 32)]
        )
        found = said(piece, "phrase-end-dissonance")
        assert len(found) == count
        if found:
            sentence = "the phrase ends on I of C major with a dissonant note"
            assert found == [(1, 4, f"all voices: {sentence}")]


def test_inverted_and_dissonant_ends_are_one_fault_each() -> None:
    piece = progression(
        "C5 C5 B4 C5 D5 B4 B4.8",
        "G4 A4 G4 G4 A4 G4 G4.8",
        "E4 F4 D4 C4 D4 D4 F4.8",
        "C3 F3 G3 E3 F3 G3 G3.8",
        fermatas=[(12, 16), (24, 32)],
    )
    assert said(piece, "phrase-end-inversion") == [
        (1, 4, "bass: the phrase ends on I6 of C major, not in root position")
    ]
    assert said(piece, "phrase-end-dissonance") == [
        (2, 3, "all voices: the phrase ends on a dissonant chord, V7 of C major")
    ]


# === Cadences ===

OPENING = ("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 D4 E4", "C3 F3 G3 C3")


def ending(*last: str, key: str = "C major") -> Chorale:
    """Return a piece that ends with four notes or more of each voice."""
    voices = [f"{first} {end}" for first, end in zip(OPENING, last, strict=True)]
    return progression(*voices, key=key)


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (("C5 B4 C5.8", "G4 G4 G4.8", "E4 D4 E4.8", "C3 G3 C3.8"), None),
        (("C5 C5 C5.8", "A4 A4 G4.8", "E4 F4 E4.8", "A2 F3 C3.8"), None),
        (
            ("C5 C5 B4.8", "G4 A4 G4.8", "E4 F4 D4.8", "C3 F3 G3.8"),
            "the piece ends with a half cadence, on G major, V of C major",
        ),
        (
            ("C5 B4 C5.8", "G4 G4 A4.8", "E4 D4 E4.8", "C3 G3 A3.8"),
            "the piece ends on A minor, vi of C major",
        ),
        (
            ("C5 C5 C5.8", "A4 G4 G4.8", "F4 E4 E4.8", "F3 A3 C3.8"),
            "no dominant or subdominant leads to the final tonic",
        ),
        (
            ("C5 B4 C5.8", "G4 G4 G4.8", "E4 D4 C4.8", "C3 G3 C3.8"),
            "the final chord has no third",
        ),
        (
            ("C5 C5 C5.8", "A4 G4 G4.8", "F4 E4 E4.8", "F3 G3 C3.8"),
            "the final tonic follows its six-four without a dominant between",
        ),
    ],
)
def test_what_is_missing_at_the_end(last: tuple[str, ...], message: str | None) -> None:
    found = [sentence for _, _, sentence in said(ending(*last), "missing-cadence")]
    assert found == ([] if message is None else [f"all voices: {message}"])


def test_a_cadence_in_another_key_is_named() -> None:
    corpus = load_corpus(splits=("train",))
    (piece,) = (piece for piece in corpus.train if piece.source == "bwv342")
    assert said(piece, "missing-cadence") == [
        (24, 1, "all voices: the piece ends with a cadence in E minor, not A minor")
    ]


def minor(soprano: str, alto: str, tenor: str, bass: str) -> Chorale:
    return progression(soprano, alto, tenor, bass, key="A minor")


def test_a_phrygian_melody_may_end_on_the_dominant() -> None:
    others = (
        "E4 E4 D4 D4 E4 F4 E4.8",
        "C4 B3 B3 A3 A3 A3 G#3.8",
        "A2 E3 G3 F3 C3 D3 E3.8",
    )
    assert said(minor("E5 G5 G5 F5 E5 D5 B4.8", *others), "missing-cadence") == []
    tonal = minor(
        "A4 G#4 A4 B4 C5 D5 B4.8",
        "E4 E4 E4 E4 E4 F4 E4.8",
        "C4 B3 C4 D4 A3 A3 G#3.8",
        "A2 E3 A2 G#2 A2 D3 E3.8",
    )
    assert said(tonal, "missing-cadence") == [
        (
            2,
            3,
            "all voices: the piece ends with a half cadence, on E major, V of A minor",
        )
    ]


def test_minor_may_end_in_major_but_not_major_in_minor() -> None:
    voices = (
        "A4 D5 B4 C5 A4 G#4 A4.8",
        "E4 F4 E4 E4 F4 D4 E4.8",
        "C4 A3 G#3 A3 A3 B3 C#4.8",
        "A2 D3 E3 A2 D3 E3 A2.8",
    )
    assert said(minor(*voices), "missing-cadence") == []
    lowered = ("C5 B4 C5.8", "G4 G4 G4.8", "Eb4 D4 Eb4.8", "C3 G3 C3.8")
    assert said(ending(*lowered), "missing-cadence") == [
        (2, 3, "all voices: the piece ends on C minor, i of C major")
    ]


# === The bass ===


def test_what_is_said_of_basses() -> None:
    piece = progression(
        "B4 C5 A4 G4 A4 G4 B4 C5",
        "G4 G4 F4 E4 F4 E4 D4 E4",
        "D4 E4 C4 C4 C4 C4 G3 G3",
        "G3 C3 F3 C3 F3 C3 G2 C3",
    )
    assert said(piece, "oscillating-bass") == [
        (2, 1, "bass: goes to and fro between C3 and F3")
    ]
    still = progression(
        "B4 C5 C5 B4 C5 B4 C5.8",
        "G4 G4 A4 F4 G4 G4 G4.8",
        "D4 E4 F4 D4 E4 D4 E4.8",
        "G3 C3 C3 C3 C3 G3 C3.8",
    )
    assert said(still, "static-bass") == [
        (1, 2, "bass: stays on C3 while the harmony changes")
    ]


def test_short_notes_oscillate_once_more() -> None:
    upper = ("C5.8 C5.8 B4.8 C5.8", "G4.8 A4.8 G4.8 G4.8", "E4.8 F4.8 D4.8 E4.8")
    four = "C3.2 B2.2 C3.2 B2.2 F3.8 G3.8 C3.8"
    assert said(progression(*upper, four), "oscillating-bass") == []
    five = "C3.2 B2.2 C3.2 B2.2 C3.2 F3.6 G3.8 C3.8"
    assert said(progression(*upper, five), "oscillating-bass") == [
        (1, 3, "bass: goes to and fro between B2 and C3")
    ]
