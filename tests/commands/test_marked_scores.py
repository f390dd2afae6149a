"""`chorale check --format musicxml`: exercises with findings and numerals on them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import music21
import numpy as np
import pytest
from bach import few_chorales
from command_line import run_command
from progressions import progression

from chorale.evaluation.marked_scores import marks
from chorale.formats.files import read_spelled, write
from chorale.music.harmony.analyzing import analyze
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.utils.arrays import IntArray
from chorale.voice_leading.checking import Finding
from chorale.voice_leading.checking import check as find_faults

SENTENCE = "parallel fifths\ntenor and bass: fifth D3-A3\nfollows fifth C3-G3"


def parallels() -> Chorale:
    """Return two chords, a quarter each, with parallel fifths in the lower voices."""
    pitches = np.repeat([[72, 64, 55, 48], [71, 65, 57, 50]], 4, axis=0)
    return Chorale(pitches=pitches, key=Key("C", "major"))


def read(path: Path) -> tuple[Chorale, IntArray | None]:
    """Return the piece in a file and its spelling."""
    reading = read_spelled(path)
    return reading.chorale, reading.spelling


def words(path: Path) -> list[tuple[str, str]]:
    """Return the texts on a score and their sides."""
    return [
        (direction.findtext("direction-type/words") or "", direction.get("placement"))
        for direction in ElementTree.parse(path).getroot().iter("direction")
    ]


@pytest.mark.parametrize("ending", ["mid", "musicxml", "abc", "krn"])
def test_an_exercise_is_marked_and_its_notes_are_unchanged(
    tmp_path: Path, ending: str
) -> None:
    write(parallels(), tmp_path / f"exercise.{ending}")
    done = run_command(
        *("check", f"exercise.{ending}", "--format", "musicxml"),
        *("--select", "parallel-fifths"),
        folder=tmp_path,
    )
    *_, written = done.stdout.splitlines()
    assert (done.returncode, written) == (0, "exercise-checked.musicxml")
    marked = tmp_path / written
    texts = words(marked)
    assert (SENTENCE, "above") in texts
    assert next(text for text, side in texts if side == "below").startswith("C: I")
    before, spelling = read(tmp_path / f"exercise.{ending}")
    after, spelling_after = read(marked)
    np.testing.assert_array_equal(after.pitches, before.pitches)
    np.testing.assert_array_equal(after.onsets, before.onsets)
    if spelling is not None:
        np.testing.assert_array_equal(spelling_after, spelling)
    assert [file.name for file in tmp_path.iterdir() if file.name[0] == "."] == []


def test_bach_is_read_back_as_he_was(tmp_path: Path) -> None:
    for number, piece in enumerate(few_chorales().train[:3]):
        write(piece, tmp_path / f"{number}.musicxml")
    run_command(
        *("check", tmp_path, "--format", "musicxml", "--level", "strict"),
        *("--output", tmp_path / "marked"),
    )
    for number in range(3):
        before, spelling = read(tmp_path / f"{number}.musicxml")
        marked = tmp_path / "marked" / f"{number}-checked.musicxml"
        after, spelling_after = read(marked)
        for field in ("pitches", "onsets", "fermatas", "bars", "positions"):
            np.testing.assert_array_equal(
                getattr(after, field), getattr(before, field), field
            )
        np.testing.assert_array_equal(spelling_after, spelling)
        fields = ("key", "metres", "tempo", "title", "credit", "lyrics")
        for field in fields:
            assert getattr(after, field) == getattr(before, field)
        findings = find_faults(before, level="strict", spelling=spelling)
        sentences = [text for text, side in words(marked) if side == "above"]
        assert len(sentences) == len(findings) > 0
        assert find_faults(after, level="strict", spelling=spelling) == findings


def test_numerals_and_cadences_are_where_the_analysis_has_them(tmp_path: Path) -> None:
    piece = progression("C5 C5 B4 C5", "G4 A4 G4 G4", "E4 F4 F4 E4", "C3 F3 G3 C3")
    write(piece, tmp_path / "hymn.musicxml")
    run_command("check", "hymn.musicxml", "--format", "musicxml", folder=tmp_path)
    score = music21.converter.parse(tmp_path / "hymn-checked.musicxml")
    numerals = [
        (text.getOffsetInHierarchy(score), text.content)
        for text in score.parts[1].recurse().getElementsByClass("TextExpression")
    ]
    assert numerals == [(0, "C: I"), (1, "IV"), (2, "V7"), (3, "I\nPAC")]


def test_the_notes_of_a_motion_are_both_red() -> None:
    piece = parallels()
    (finding,) = find_faults(piece, rules=["parallel-fifths"])
    mark, *_ = marks(piece, [finding], analyze(piece))
    assert mark.at == (2, 4)
    assert set(mark.notes) == {(2, 3), (2, 4), (3, 3), (3, 4)}


def test_a_finding_at_the_first_step_has_no_note_before() -> None:
    piece = parallels()
    finding = Finding(
        rule="parallel-fifths",
        voices=(2, 3),
        step=0,
        bar=1,
        beat=1.0,
        pitches=((55,), (48,)),
        message="tenor and bass: a sentence",
    )
    mark, *_ = marks(piece, [finding], analyze(piece))
    assert set(mark.notes) == {(2, 0), (3, 0)}


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "a.mid")
    (tmp_path / "below").mkdir()
    write(parallels().transpose(2), tmp_path / "below" / "a.mid")
    target = tmp_path / "a-checked.musicxml"
    target.write_text("mine")
    command = ("check", "a.mid", "below/a.mid", "--format", "musicxml")
    done = run_command(*command, folder=tmp_path)
    names = [line for line in done.stdout.splitlines() if line.endswith(".musicxml")]
    assert names == ["a-checked-2.musicxml", "a-checked-2-2.musicxml"]
    assert "--force overwrites" in done.stderr
    assert target.read_text() == "mine"
    done = run_command(*command, "--force", folder=tmp_path)
    names = [line for line in done.stdout.splitlines() if line.endswith(".musicxml")]
    assert names == ["a-checked.musicxml", "a-checked-2.musicxml"]
    assert target.read_text() != "mine"
    first, second = (read(tmp_path / name)[0].pitches for name in names)
    assert (second == first + 2).all()


def test_json_is_alone_on_stdout(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "a.mid")
    options = ("--format", "musicxml", "--json", "--output", "new/folder")
    done = run_command("check", "a.mid", *options, folder=tmp_path)
    assert "analysis" not in json.loads(done.stdout)["files"][0]
    assert "new/folder/a-checked.musicxml" in done.stderr.splitlines()
    assert (tmp_path / "new" / "folder" / "a-checked.musicxml").exists()


def test_other_formats_are_refused_in_one_line(tmp_path: Path) -> None:
    write(parallels(), tmp_path / "a.mid")
    done = run_command("check", "a.mid", "--format", "midi", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "--format out of musicxml, got 'midi'" in line
    assert "--from" in line
