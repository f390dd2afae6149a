"""Cadences: kinds, and whether a piece ends with a complete one."""

from __future__ import annotations

import numpy as np
import pytest
from bach import few_chorales
from progressions import progression

from chorale import Chorale, Key, analyze
from chorale.music.harmony.cadences import cadence, cadence_kind, ends_complete
from chorale.music.harmony.roman_numerals import Chord
from chorale.music.harmony.templates import chord

C_MAJOR, A_MINOR, F_MAJOR = 0, 12 + 9, 5


def of(root: int, quality: str = "major", inversion: int = 0) -> Chord:
    return Chord(chord(root, quality), inversion)


@pytest.mark.parametrize(
    ("before", "last", "soprano", "kind"),
    [
        (of(7), of(0), 0, "PAC"),
        (of(7, "dominant seventh"), of(0), 0, "PAC"),
        (of(7), of(0), 4, "IAC"),
        (of(7, inversion=1), of(0), 0, "IAC"),
        (of(11, "diminished", 1), of(0), 0, "IAC"),
        (of(7), of(0, inversion=1), 0, "IAC"),
        (of(5), of(0), 0, "plagal"),
        (of(2, "minor seventh", 1), of(0), 0, "plagal"),
        (of(2, "minor"), of(7), 11, "HC"),
        (of(0), of(7), 7, "HC"),
        (of(7), of(9, "minor"), 0, "DC"),
        (of(7), of(5, inversion=1), 0, "DC"),
        (of(7), of(0, inversion=2), 0, "none"),
        (of(0), of(7, "dominant seventh"), 7, "none"),
        (of(9, "minor"), of(0), 0, "none"),
    ],
)
def test_kinds_in_major(before: Chord, last: Chord, soprano: int, kind: str) -> None:
    assert cadence_kind(last, before, C_MAJOR, soprano) == kind


def test_kinds_in_minor() -> None:
    dominant, tonic = of(4), of(9, "minor")
    assert cadence_kind(tonic, dominant, A_MINOR, 9) == "PAC"
    assert cadence_kind(of(9), dominant, A_MINOR, 9) == "PAC"  # a Picardy third
    assert cadence_kind(of(5), dominant, A_MINOR, 0) == "DC"
    assert cadence_kind(dominant, of(2, "minor", 1), A_MINOR, 8) == "HC"
    assert cadence_kind(tonic, of(4, "minor"), A_MINOR, 9) == "none"


def test_an_authentic_cadence_without_a_third_is_imperfect() -> None:
    assert cadence_kind(of(0), of(7), C_MAJOR, 0, lacks_third=True) == "IAC"
    assert cadence(of(0), of(7), C_MAJOR, 0, lacks_third=True) == ("IAC", C_MAJOR)
    applied = cadence(of(5), of(0, "dominant seventh"), C_MAJOR, 5, lacks_third=True)
    assert applied == ("IAC", F_MAJOR)
    assert cadence_kind(of(0), of(5), C_MAJOR, 0, lacks_third=True) == "plagal"


def test_without_a_chord_before_only_the_dominant_is_a_cadence() -> None:
    assert cadence_kind(of(7), None, C_MAJOR, 7) == "HC"
    assert cadence_kind(of(0), None, C_MAJOR, 0) == "none"


def test_an_applied_dominant_makes_a_cadence_in_the_key_of_its_degree() -> None:
    assert cadence(of(5), of(0, "dominant seventh"), C_MAJOR, 5) == ("PAC", F_MAJOR)
    assert cadence(of(5), of(4), C_MAJOR, 9) == ("DC", A_MINOR)
    assert cadence(of(0), of(7, inversion=1), A_MINOR, 4) == ("IAC", C_MAJOR)
    assert cadence(of(5), of(0, inversion=1), C_MAJOR, 5) == ("none", C_MAJOR)
    assert cadence(of(5), of(9, "minor"), C_MAJOR, 5) == ("none", C_MAJOR)


@pytest.mark.parametrize(
    ("voices", "complete"),
    [
        (("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 F4 E4", "C3 F3 G3 C3"), True),
        # Bach omits the third of the dominant too.
        (("C5 A4 D5 C5", "G4 F4 G4 G4", "E4 C4 D4 E4", "C3 F3 G3 C3"), True),
        # No third in the tonic.
        (("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 D4 G4", "C3 F3 G3 C3"), False),
        # The tonic in first inversion.
        (("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 F4 C4", "C3 F3 G3 E3"), False),
        # Another chord before it.
        (("C5 C5 C5 C5", "G4 A4 A4 G4", "E4 F4 E4 E4", "C3 F3 A3 C3"), False),
        (("C5 C5 B4 A4", "G4 A4 G4 E4", "E4 F4 F4 C4", "C3 F3 G3 A3"), False),
    ],
)
def test_a_complete_cadence_has_a_dominant_or_subdominant(
    voices: tuple[str, str, str, str], complete: bool
) -> None:
    piece = progression(*voices)
    assert ends_complete(piece, analyze(piece)) == complete


def test_a_bass_that_falls_by_a_fifth_is_not_enough() -> None:
    # D3 A3 B3 G4, then G2 G3 B3 G4.
    pitches = np.repeat([[67, 59, 57, 50], [67, 59, 55, 43]], 4, axis=0)
    piece = Chorale(pitches=pitches, key=Key("G", "major"))
    assert not ends_complete(piece, analyze(piece))


@pytest.mark.parametrize(
    ("voices", "kind"),
    [
        # IV–I64–I, ii6–I64–I: what the six-four promises does not come.
        (("C5 C5 C5 C5.8", "G4 A4 G4 G4.8", "E4 F4 E4 E4.8", "C3 F3 G3 C3.8"), "none"),
        (("C5 D5 C5 C5.8", "G4 A4 G4 G4.8", "E4 F4 E4 E4.8", "C3 F3 G3 C3.8"), "none"),
        # I6 is no six-four.
        (
            ("C5 C5 C5 C5.8", "G4 A4 G4 G4.8", "E4 F4 C4 E4.8", "C3 F3 E3 C3.8"),
            "plagal",
        ),
        # After the dominant Bach writes it too, as in BWV 229.2.
        (("C5 B4 C5 C5.8", "G4 D4 E4 E4.8", "E4 G4 G4 G4.8", "C3 G3 G3 C3.8"), "PAC"),
    ],
)
def test_a_six_four_needs_a_dominant_to_reach_the_tonic(
    voices: tuple[str, str, str, str], kind: str
) -> None:
    piece = progression(*voices)
    analysis = analyze(piece)
    ending = analysis.phrases[-1].cadence
    assert ending is not None and ending.kind == kind
    assert ends_complete(piece, analysis) == (kind != "none")


def test_a_perfect_cadence_has_a_third() -> None:
    voices = ["C5 C5 B4 C5.8", "G4 A4 G4 G4.8", "E4 F4 D4 G4.8", "C3 F3 G3 C3.8"]
    bare = analyze(progression(*voices)).phrases[-1].cadence
    assert bare is not None and bare.kind == "IAC"
    # Two voices end on an octave.
    two = progression(voices[0], "r.20", "r.20", voices[3])
    octave = analyze(two).phrases[-1].cadence
    assert octave is not None and octave.kind == "PAC"


def test_most_chorales_end_complete() -> None:
    pieces = few_chorales().train
    complete = [ends_complete(piece, analyze(piece)) for piece in pieces]
    assert 0.75 < np.mean(complete) < 1
    silent = Chorale(pitches=np.zeros((16, 4), int))
    assert not ends_complete(silent, analyze(silent))
