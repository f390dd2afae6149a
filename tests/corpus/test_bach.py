"""The bundled corpus: what music21's scores become on the grid."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command

from chorale.corpus import bach
from chorale.corpus.bach import build, read_score, score_folder
from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus
from chorale.corpus.manifest import read_manifest
from chorale.errors import DataError, UsageError
from chorale.formats.scores.notes import ScoreNote
from chorale.music.score import Chorale

AWKWARD = {
    "277": "repeats once, a pickup",
    "305": "an instrument more, a pickup",
    "323": "thirty-seconds",
    "258": "two sopranos and another metre from step 224 on",
    "345": "repeats twice, three metres, oboes and trumpets",
    "279": "first and second ending",
    "263": "interludes of the horns",
    "327": "rests in all voices",
    "392": "in no public split",
}


def score(name: str, *, expand: bool = False) -> Chorale:
    return read_score(score_folder() / name, expand=expand)


# === Building ===


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(folder, only=list(AWKWARD))
    return folder


@pytest.mark.parametrize("number", AWKWARD)
def test_a_piece_rebuilt_is_the_bundled_one(built: Path, number: str) -> None:
    entry = next(row for row in read_index(built) if f"_{number}." in row.file)
    assert entry in read_index(bundled_corpus())
    annotations = entry.file.replace("chorales/", "annotations/")
    for file in (entry.file, annotations):
        assert (built / file).read_bytes() == (bundled_corpus() / file).read_bytes()
        assert b"\r" not in (built / file).read_bytes()


def test_building_again_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    numbers = ["323", "345"]
    calls: list[tuple[int, int]] = []
    build(tmp_path, only=numbers, progress=lambda *call: calls.append(call))
    assert calls == [(1, 2), (2, 2)]
    files = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    assert len(files) == 2 * 2 + 3
    for path in files:
        if path.name != "index.csv":
            relative = path.relative_to(tmp_path)
            assert path.read_bytes() == (built / relative).read_bytes()


def test_pieces_built_one_by_one_share_an_index(tmp_path: Path) -> None:
    build(tmp_path, only=["345"])
    index = build(tmp_path, only=["323"])
    assert [Path(entry.file).stem for entry in index] == ["chorale_323", "chorale_345"]
    assert read_index(tmp_path) == index


def test_provenance_travels_with_what_is_built(built: Path) -> None:
    text = (built / "README.md").read_text(encoding="utf-8")
    assert "own copyrights and licenses" in text
    assert (built / "manifest.csv").is_file()


@pytest.mark.parametrize("number", ["999", "5", "224", "025"])
def test_numbers_that_are_no_piece_are_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(UsageError, match=f"got {number}"):
        build(tmp_path / "out", only=["305", number])
    assert not (tmp_path / "out").exists()


def test_a_score_with_another_pickup_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        row._replace(pickup="3") if row.number == "305" else row
        for row in read_manifest()
    ]
    monkeypatch.setattr(bach, "read_manifest", lambda: tuple(rows))
    with pytest.raises(DataError, match="expected a pickup of 3 steps"):
        build(tmp_path, only=["305"])


def test_build_command(tmp_path: Path) -> None:
    done = run_command("corpus", "build", "--output", tmp_path, "--only", "323, 345")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}: 2 pieces\n"
    assert len(read_index(tmp_path)) == 2


# === Scores ===


def test_pickup_and_last_bar_make_one_bar() -> None:
    chorale = score("bwv253.mxl")
    assert chorale.pickup == 4
    assert chorale.bars[0] == 0
    assert chorale.positions[:6].tolist() == [12, 13, 14, 15, 0, 1]
    assert chorale.positions[-1] == 11


def test_a_bar_cut_by_a_repeat_sign_is_one_bar() -> None:
    # Measures 4 and 4a of the score are three beats and one.
    chorale = score("bwv103.6.mxl")
    lengths = np.bincount(chorale.bars)
    assert lengths.tolist() == [4, *[16] * (len(lengths) - 2), 12]
    for bar in range(1, len(lengths) - 1):
        assert chorale.positions[chorale.bars == bar].tolist() == list(range(16))


def test_repeats_are_played_on_request() -> None:
    once, twice = score("bwv103.6.mxl"), score("bwv103.6.mxl", expand=True)
    section = 16 * 4  # four bars: the pickup, three full ones and three beats
    assert twice.steps == once.steps + section
    assert np.array_equal(twice.pitches[section : 2 * section], once.pitches[:section])
    assert np.array_equal(twice.pitches[section:], once.pitches)


def test_endings_are_played_in_turn() -> None:
    # Five bars with the first ending, then bar 6 is the second one.
    once, twice = score("bwv8.6.mxl"), score("bwv8.6.mxl", expand=True)
    assert np.array_equal(once.pitches[:64], twice.pitches[:64])
    assert np.array_equal(twice.pitches[80:], once.pitches)


def test_metre_changes_are_found_with_their_upbeats() -> None:
    chorale = score("bwv41.6.mxl")
    assert [metre.name for metre in chorale.metres] == ["4/4", "3/4", "4/4"]
    for metre in chorale.metres[1:]:
        assert chorale.positions[metre.step] == metre.bar_length - 4


def test_the_first_of_two_thirty_seconds_stays() -> None:
    # Measure 2 of the soprano: 70 and 72, a thirty-second each, from beat 2.75 on.
    soprano = score("bwv185.6.mxl").notes(0)
    (start,) = (index for index, note in enumerate(soprano) if note.start == 4 + 16 + 7)
    assert soprano[start].pitch == 70
    assert soprano[start].length == 1
    assert soprano[start + 1].start == 4 + 16 + 8


def test_a_repeated_pitch_is_struck_and_a_tied_one_held() -> None:
    chorale = score("bwv253.mxl")
    struck = chorale.onsets[1:] & (chorale.pitches[1:] == chorale.pitches[:-1])
    assert struck.any(axis=0).all()
    # The soprano of BWV 10.7 ties its G over the barline of bar 20.
    tied = score("bwv10.7.mxl")
    (step,) = np.flatnonzero((tied.bars == 20) & (tied.positions == 0))
    assert tied.pitches[step - 1 : step + 1, 0].tolist() == [67, 67]
    assert not tied.onsets[step, 0]


def test_other_instruments_bars_are_left_out() -> None:
    chorale = score("bwv79.3.mxl")
    for bar in np.unique(chorale.bars):
        assert chorale.pitches[chorale.bars == bar].any()


def test_key_stays_near_the_signature() -> None:
    for name, sharps in (("bwv253.mxl", 3), ("bwv277.mxl", 0), ("bwv1.6.mxl", -1)):
        key = score(name).key
        assert key is not None
        assert abs(key.fifths - sharps) <= 1


def test_the_same_music_under_another_name() -> None:
    left, right = score("bwv274.mxl"), score("bwv62.6.mxl")
    assert np.array_equal(left.pitches, right.pitches)


@pytest.mark.parametrize(
    ("name", "what"),
    [("bwv000.mxl", "there is no such file"), ("bwv846.mxl", "a part for the soprano")],
)
def test_scores_that_are_no_chorale_are_refused(name: str, what: str) -> None:
    with pytest.raises(DataError, match=what):
        score(name)


# === Fermatas ===


def bearing(pitch: int, start: int, length: int) -> ScoreNote:
    end = Fraction(start + length)
    return ScoreNote(
        pitches=(pitch,),
        tied=(False,),
        start=Fraction(start),
        end=end,
        fermata=True,
        bar=1,
    )


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([[], [], [], []], []),
        ([[(72, 4, 4)], [], [], [(48, 0, 8)]], [4, 5, 6, 7]),
        ([[], [(67, 2, 2)], [(60, 0, 4)], []], [2, 3]),
        ([[(72, 0, 2)], [], [], [(48, 2, 2)]], [0, 1, 2, 3]),
    ],
    ids=["none", "soprano counts", "alto before tenor", "neighbours are apart"],
)
def test_voices_share_a_fermata(
    held: list[list[tuple[int, int, int]]], expected: list[int]
) -> None:
    lines = [[bearing(*note) for note in line] for line in held]
    assert np.flatnonzero(bach._fermatas(lines, 8)).tolist() == expected
