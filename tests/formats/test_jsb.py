"""The published forms of the JSB chorales, each written here in miniature."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chorale.errors import DataError, UsageError
from chorale.formats import files
from chorale.formats.jsb import Piece, read_pieces
from chorale.formats.reading import Reading

# Two chords of four sixteenths; the tenor rests in the second.
ROWS = [[67, 62, 59, 43]] * 4 + [[69, 66, 0, 50]] * 4
OTHER = [[72, 67, 64, 48]] * 3


def write_json(folder: Path, value: Any, name: str = "hymns-16th.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(value))
    return path


def write_npz(folder: Path, **splits: list[Any]) -> Path:
    """Write arrays of pickled arrays with NaN in silence, as published."""
    arrays = {}
    for split, pieces in splits.items():
        arrays[split] = np.empty(len(pieces), object)
        for index, rows in enumerate(pieces):
            piece = np.array(rows, np.float16)
            arrays[split][index] = np.where(piece == 0, np.nan, piece)
    path = folder / "Hymns16thSeparated.npz"
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]
    return path


def reading_of(piece: Piece) -> Reading:
    assert isinstance(piece.reading, Reading), piece.reading
    return piece.reading


def error_of(piece: Piece) -> str:
    assert isinstance(piece.reading, DataError)
    return str(piece.reading)


def pitches(piece: Piece) -> list[list[int]]:
    rows: list[list[int]] = reading_of(piece).chorale.pitches.tolist()
    return rows


def test_pieces_of_all_splits_are_named(tmp_path: Path) -> None:
    splits = {"test": [OTHER], "train": [ROWS, OTHER], "valid": [ROWS]}
    found = list(read_pieces(write_json(tmp_path, splits)))
    assert [(piece.split, piece.name) for piece in found] == [
        ("train", "train_000"),
        ("train", "train_001"),
        ("valid", "valid_000"),
        ("test", "test_000"),
    ]
    assert [pitches(piece) for piece in found] == [ROWS, OTHER, ROWS, OTHER]


def test_repeats_are_held_in_common_time(tmp_path: Path) -> None:
    (piece,) = read_pieces(write_json(tmp_path, {"train": [ROWS * 3]}))
    reading = reading_of(piece)
    chorale = reading.chorale
    assert chorale.onsets[:, 0].nonzero()[0].tolist() == [0, 4, 8, 12, 16, 20]
    assert (chorale.bars[[0, 16]].tolist(), chorale.pickup) == ([1, 2], 0)
    assert reading.remarks() == ["the file has no metre: bars are counted in 4/4"]


@pytest.mark.parametrize("silence", [-1, 0, float("nan"), -1.0])
def test_signs_of_silence(tmp_path: Path, silence: float) -> None:
    rows = [[pitch or silence for pitch in row] for row in ROWS]
    (piece,) = read_pieces(write_json(tmp_path, {"valid": [rows]}))
    assert pitches(piece) == ROWS


def test_silent_voices_that_are_left_out_are_guessed(tmp_path: Path) -> None:
    rows = [[71], [71], [67, 62, 59, 43], [68, 62, 44], [67, 60, 55], [65, 60, 57, 45]]
    rows += [[], [41]]
    (piece,) = read_pieces(write_json(tmp_path, {"train": [rows]}))
    assert pitches(piece) == [
        [71, 0, 0, 0],
        [71, 0, 0, 0],
        [67, 62, 59, 43],
        [68, 62, 0, 44],  # the two rows of three notes have the same voices
        [67, 60, 0, 55],
        [65, 60, 57, 45],
        [0, 0, 0, 0],
        [0, 0, 0, 41],
    ]
    assert "the voices of 5 chords of fewer than four notes are guessed" in (
        reading_of(piece).remarks()
    )


def test_a_voice_that_is_missing_at_the_beginning(tmp_path: Path) -> None:
    rows = [[65, 62, 58], [65, 62, 58], [70, 65, 62, 58]]
    (piece,) = read_pieces(write_json(tmp_path, {"train": [rows]}))
    assert pitches(piece) == [[0, *rows[0]], [0, *rows[1]], rows[2]]


@pytest.mark.parametrize(
    ("name", "steps", "unit"),
    [("a-quarter.json", 4, "a quarter"), ("a-8th.json", 2, "an eighth")],
)
def test_coarser_grids_are_spread_and_said(
    tmp_path: Path, name: str, steps: int, unit: str
) -> None:
    (piece,) = read_pieces(write_json(tmp_path, {"train": [ROWS]}, name))
    assert pitches(piece) == [row for row in ROWS for _ in range(steps)]
    said = reading_of(piece).remarks()
    assert f"each row is read as {unit}: the file has no note values" in said


def test_a_grid_that_no_name_tells_is_said(tmp_path: Path) -> None:
    (piece,) = read_pieces(write_json(tmp_path, {"train": [ROWS]}, "hymns.json"))
    assert pitches(piece) == ROWS
    assert "each row is read as a sixteenth: the file has no note values" in (
        reading_of(piece).remarks()
    )


def test_chords_of_no_voices_are_quarters_from_the_top(tmp_path: Path) -> None:
    chords = [(43, 59, 62, 67), (45, 57, 60, 65), ()]
    unison = [(43, 59, 62, 67), (45, 60, 65)]
    path = tmp_path / "Hymns.pickle"
    path.write_bytes(pickle.dumps({"train": [chords, unison, chords]}, 0))
    first, second, third = read_pieces(path, trust=True)
    expected = [[67, 62, 59, 43], [65, 60, 57, 45], [0] * 4]
    assert pitches(first) == [row for row in expected for _ in range(4)]
    assert pitches(third) == pitches(first)
    assert reading_of(first).remarks()[:2] == [
        "each row is read as a quarter: the file has no note values",
        "the file does not name the voices: each chord is taken from the highest note "
        "down",
    ]
    assert error_of(second) == (
        f"{path}: train_001, bar 1, beat 2: expected four notes, got 3 notes: which "
        "voices sing them is unknown"
    )


def test_numbers_of_numpy_are_read_from_pickles(tmp_path: Path) -> None:
    chords = [tuple(np.int64(pitch) for pitch in (43, 59, 62, 67))]
    path = tmp_path / "Hymns.pkl"
    path.write_bytes(pickle.dumps({"valid": [chords]}, 2))
    (piece,) = read_pieces(path, trust=True)
    assert pitches(piece) == [[67, 62, 59, 43]] * 4


def test_the_pickled_npz_needs_trust(tmp_path: Path) -> None:
    path = write_npz(tmp_path, train=[ROWS, OTHER], test=[OTHER])
    with pytest.raises(DataError, match=r"can run code .* --trust"):
        list(read_pieces(path))
    found = list(read_pieces(path, trust=True))
    assert [pitches(piece) for piece in found] == [ROWS, OTHER, OTHER]


def test_plain_arrays_need_no_trust(tmp_path: Path) -> None:
    path = tmp_path / "hymns-16th.npz"
    np.savez(path, train=np.array([ROWS, ROWS[::-1]]))
    found = list(read_pieces(path))
    assert [pitches(piece) for piece in found] == [ROWS, ROWS[::-1]]


class Trap:
    """An object with a side effect when it is unpickled."""

    sprung: list[str] = []  # noqa: RUF012 - shared by all, which is the point

    def __reduce__(self) -> Any:
        return (Trap.sprung.append, ("sprung",))


@pytest.mark.parametrize("trust", [False, True])
def test_no_code_of_a_pickle_is_run(tmp_path: Path, trust: bool) -> None:
    path = tmp_path / "hymns.pkl"
    path.write_bytes(pickle.dumps({"train": [ROWS, Trap()]}))
    Trap.sprung.clear()
    with pytest.raises(DataError, match=r"--trust|instead of arrays"):
        list(read_pieces(path, trust=trust))
    assert Trap.sprung == []


def test_a_list_of_pieces_has_no_splits(tmp_path: Path) -> None:
    found = list(read_pieces(write_json(tmp_path, [ROWS, OTHER])))
    assert [(piece.split, piece.name) for piece in found] == [
        ("", "piece_000"),
        ("", "piece_001"),
    ]


def test_one_bad_piece_does_not_stop_the_others(tmp_path: Path) -> None:
    crowded = [*ROWS, [72, 67, 64, 60, 48]]
    pieces = [crowded, OTHER, [], [[-1] * 4]]
    found = list(read_pieces(write_json(tmp_path, {"train": pieces})))
    assert "train_000, bar 1, beat 3: expected four notes, got 5" in error_of(found[0])
    assert pitches(found[1]) == OTHER
    assert "from 1 to 100000 sixteenths, got 0" in error_of(found[2])
    assert "nothing but silence" in error_of(found[3])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "an empty file"),
        ({"notes": []}, "one named 'notes'"),
        ({"train": 5}, "int in place of a list"),
        ({"train": [[1, 2]]}, "int in place of a list"),
        ({"train": [[["C4"]]]}, "'C4' in place of a MIDI note"),
        ({"train": [[[60.5, 1, 2, 3]]]}, "from 1 to 127, got 60.5"),
        ({"train": [[[600, 1, 2, 3]]]}, "from 1 to 127, got 600"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, value: Any, message: str) -> None:
    path = write_json(tmp_path, value)
    with pytest.raises(DataError, match=message) as caught:
        list(read_pieces(path))
    assert caught.value.path == path


@pytest.mark.parametrize("ending", [".json", ".npz", ".pickle"])
def test_damaged_files_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hymns{ending}"
    for content in (b"", b"nonsense", b"\x80\x04", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(DataError, match="it is damaged"):
            list(read_pieces(path, trust=True))


def test_a_file_of_many_pieces_is_imported_not_converted(tmp_path: Path) -> None:
    path = write_json(tmp_path, {"train": [ROWS]})
    with pytest.raises(UsageError, match=r"many pieces: use chorale corpus import"):
        files.read(path)
