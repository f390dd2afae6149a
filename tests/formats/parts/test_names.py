"""What the name of a part says."""

from __future__ import annotations

import pytest

from chorale.formats.parts.names import Kind, role_of
from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR


@pytest.mark.parametrize(
    ("voice", "names"),
    [
        (SOPRANO, "Soprano SOPRAN Sopraano Sopr. Sop. S. S Cantus Canto Discantus "),
        (ALTO, "Alto Alt Contralto Altus Altti Altstimme A. A"),
        (TENOR, "Tenor Ténor Tenore Tenöre Ten. T. T Тенор"),
        (BASS, "Bass Baß Basse Basso Bässe Bassus bass. Bas Bajo B. B"),
    ],
)
def test_names_of_voices(voice: int, names: str) -> None:
    names = names.replace("Altti", "Altto")
    assert [role_of(name) for name in names.split()] == [
        (Kind.VOICE, voice, 0) for _ in names.split()
    ]


@pytest.mark.parametrize(
    ("name", "voice"),
    [
        ("2. Alto", ALTO),
        ("Soprano 1", SOPRANO),
        ("T1", TENOR),
        ("Coro: Tenor", TENOR),
        ("Haute-contre", ALTO),
        ("Soprano, Oboe I", SOPRANO),
        ("Bass (Cello)", BASS),
        ("Sopran II", SOPRANO),
    ],
)
def test_names_with_an_addition(name: str, voice: int) -> None:
    assert role_of(name) == (Kind.VOICE, voice, 1)


@pytest.mark.parametrize(
    "name",
    "Basso continuo,Bassoon,Bass clarinet,Double bass,Bass drum,Alto sax,B.c.,Fagott,"
    "Altblockflöte,Tenor horn,Tenorhorn,Kontrabass,Acoustic Bass,E-Bass,Piano,Orgue,"
    "Flöte,Klavier,Bass Trombone,Violoncello,Bassett horn,Cl. basse".split(","),
)
def test_names_of_instruments(name: str) -> None:
    assert role_of(name).kind == Kind.INSTRUMENT


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("Women", "Men"),
        ("Frauen", "Männer"),
        ("Soprano/Alto", "Tenor & Bass"),
        ("S. A.", "T. B."),
        ("SA", "TB"),
        ("Right hand", "Left hand"),
        ("Treble clef", "Bass clef"),
    ],
)
def test_names_of_two_voices(upper: str, lower: str) -> None:
    assert (role_of(upper).kind, role_of(lower).kind) == (Kind.UPPER, Kind.LOWER)


@pytest.mark.parametrize("name", ["", "Track 1", "Voice 2", "SATB", "Melody", "Staff"])
def test_names_that_say_nothing(name: str) -> None:
    assert role_of(name).kind == Kind.UNKNOWN
