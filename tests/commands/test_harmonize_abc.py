"""`chorale harmonize` reads ABC notation as a player would; the models are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run_command
from fakes import uniform_predictor, wide_vocabulary

from chorale.commands import harmonize
from chorale.formats.classic_csv import read_csv
from chorale.music.score import Note
from chorale.sampling import best_of

HEAD = "X:1\nT:Own\nM:4/4\nL:1/4\nK:G\n"


def harmonized(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, *options: str
) -> tuple[int, list[Note], str]:
    """Return exit code, the notes of the soprano, and stderr."""
    for module in (harmonize, best_of):
        monkeypatch.setattr(
            module, "load_model", lambda name, **_: uniform_predictor(wide_vocabulary())
        )
    monkeypatch.chdir(tmp_path)
    Path("tune.abc").write_text(text, encoding="utf-8")
    arguments = ("--format", "csv", "--best-of", "1", "--particles", "1", *options)
    done = run_command("harmonize", "tune.abc", *arguments)
    if done.returncode:
        return done.returncode, [], done.stderr
    # A classic CSV has no onsets: equal pitches in succession are one note.
    return 0, read_csv(done.stdout.strip()).notes(0), done.stderr


def lengths(notes: list[Note]) -> list[tuple[int, int]]:
    return [(note.pitch, note.length) for note in notes]


def held(*notes: tuple[int, int] | int) -> list[tuple[int, int]]:
    """Join equal pitches; a pitch alone is a quarter, four steps long."""
    joined: list[tuple[int, int]] = []
    for note in notes:
        pitch, length = note if isinstance(note, tuple) else (note, 4)
        if joined and joined[-1][0] == pitch:
            length += joined.pop()[1]
        joined.append((pitch, length))
    return joined


TURN = (67, 69, 71, 67)
CASES = {
    # Accidentals hold to the barline.
    "flat": ("G _B B G|B B A2|G4|]", held(67, 70, 70, 67, 71, 71, (69, 8), (67, 16))),
    "natural": ("F =F F F|F F G2|G4|]", held(66, 65, 65, 65, 66, 66, (67, 24))),
    "sharp over a repeat": (
        "|:G ^G A G:|:G A B G|G4|]",
        held(67, 68, 69, 68, *TURN, (67, 16)),
    ),
    # Double repeats.
    "touching ::": (
        "|:G A B G|c B A A::B A G F|G2 G2:|",
        held(*TURN, 72, 71, 69, 69, 71, 69, 67, 66, (67, 16)),
    ),
    "touching :|:": (
        "G A B A:|:B A G F|G4:|",
        held(67, 69, 71, 69, 71, 69, 67, 66, (67, 16)),
    ),
    "line that begins with a note and ::": (
        "G A B\nA::B A G F|G4:|",
        held(67, 69, 71, 69, 71, 69, 67, 66, (67, 16)),
    ),
    # Fields among the notes.
    "key": (
        "G A B G|c B A2|[K:F]B A G F|G4|]",
        held(*TURN, 72, 71, (69, 8), 70, 69, 67, 65, (67, 16)),
    ),
    "unit": ("G A B G|[L:1/8]c2 B2 A4|G8|]", held(*TURN, 72, 71, (69, 8), (67, 16))),
    "metre": ("G A B G|[M:3/4]c B A|[M:4/4]G4|]", held(*TURN, 72, 71, 69, (67, 16))),
    "key on a line": (
        "G A B G|\nK:Gm\nB A G F|G4|]",
        held(*TURN, 70, 69, 67, 65, (67, 16)),
    ),
    # One voice in a bar with &.
    "overlay": (
        "G A B G & D4|c B A2|G4|]",
        held(*TURN, 72, 71, (69, 8), (67, 16)),
    ),
    "overlay of rests": ("G A B G & z2 D2|G4|]", held(*TURN, (67, 16))),
    "two overlays": (
        "G4|G A B c & D4 & B,4|G4|]",
        held((67, 20), 69, 71, 72, (67, 16)),
    ),
    # Endings with several numbers.
    "list": (
        "|:G A B G|[1,2 c B A2:|[3 c B G2||B A G F|G4|]",
        held(*TURN, 72, 71, (67, 8), 71, 69, 67, 66, (67, 16)),
    ),
    "range": (
        "|:G A B G|1-3 c B A2:|4 c B G2|G4|]",
        held(*TURN, 72, 71, (67, 24)),
    ),
    "several bars": (
        "|:G A B G|[1 A4|B4:|[2 A2 F2|G4|]",
        held(*TURN, (69, 8), (66, 8), (67, 16)),
    ),
    # Four voices.
    "voices on lines": (
        "V:S\nG A B G|c4|]\nV:A\nD F G D|E4|]\nV:T\nB, D D B,|G,4|]\nV:B clef=bass\n"
        "G,, D, G,, G,,|C,4|]",
        held(*TURN, (72, 16)),
    ),
    "voices in brackets": (
        "[V:S]G A B G|\n[V:A]D F G D|\n[V:T]B, D D B,|\n[V:B]G,, D, G,, G,,|\n"
        "[V:S]c4|]\n[V:A]E4|]\n[V:T]G,4|]\n[V:B]C,4|]",
        held(*TURN, (72, 16)),
    ),
    "voices with numbers": (
        "V:1\nG A B G|c4|]\nV:2\nD F G D|E4|]\nV:3\nB, D D B,|G,4|]\nV:4 clef=bass\n"
        "G,, D, G,, G,,|C,4|]",
        held(*TURN, (72, 16)),
    ),
    "bass first": (
        '%%score B T A S\nV:B nm="Bass"\nG,, D, G,, G,,|C,4|]\n'
        'V:T nm="Tenor" clef=treble-8\nB d d B|G4|]\nV:A nm="Alto"\nD F G D|E4|]\n'
        'V:S nm="Soprano"\nG A B G|c4|]',
        held(*TURN, (72, 16)),
    ),
    # Prose.
    "after the tune": (
        "G A B G|G4|]\n\nFound in a chapbook; deed of 1820",
        held(*TURN, (67, 16)),
    ),
    "among the music": (
        "G A B G|\nFound in a faded chapbook\nG4|]",
        held(*TURN, (67, 16)),
    ),
    "in a block": (
        "G A B G|G4|]\n%%begintext\na deed | a bead\n%%endtext",
        held(*TURN, (67, 16)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_melody_is_as_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    music, expected = CASES[case]
    code, notes, err = harmonized(monkeypatch, tmp_path, HEAD + music + "\n")
    assert code == 0, err
    assert lengths(notes) == expected


@pytest.mark.parametrize(
    ("music", "starts"),
    [
        ("G A x2|Z|c B A2|G4|]", [0, 4, 32, 36, 40, 48]),
        ("G A B G|X|x c B A|G4|]", [0, 4, 8, 12, 36, 40, 44, 48]),
        ("G4|Z2|c4|]", [0, 48]),
    ],
)
def test_rests_take_their_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, music: str, starts: list[int]
) -> None:
    code, notes, err = harmonized(monkeypatch, tmp_path, HEAD + music + "\n")
    assert code == 0, err
    assert [note.start for note in notes] == starts


@pytest.mark.parametrize(
    ("second", "options", "message"),
    [
        ("1", (), "2 tunes have number 1"),
        ("1", ("--tune", "1"), "expected one tune 1, got 2, in rows 1, 8"),
        ("01", ("--tune", "1"), "expected one tune 1, got 2"),
        ("2", (), "got a book of 2: name one by its number, as with --tune"),
        ("2", ("--tune", "3"), "expected a tune 3, got tunes 1, 2"),
        ("2", ("--tune", "2"), ""),
    ],
)
def test_numbers_of_tunes(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    second: str,
    options: tuple[str, ...],
    message: str,
) -> None:
    book = f"{HEAD}G A B G|G4|]\n\nX:{second}\nT:Two\nM:3/4\nL:1/4\nK:F\nF G A|F3|]\n"
    code, notes, err = harmonized(monkeypatch, tmp_path, book, *options)
    assert (code != 0) == bool(message)
    assert message in err
    if not message:
        assert lengths(notes) == held(65, 67, 69, (65, 12))
