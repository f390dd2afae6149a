"""`chorale examples`: sample files that the commands read."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import run_command

from chorale.corpus.loading import bundled_corpus
from chorale.corpus.reading import read_any, read_melody
from chorale.music.voices import BASS
from chorale.sketches import read_sketches

FILES = sorted((bundled_corpus() / "examples").iterdir())
README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_samples_are_copied_and_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "hymn.mid").write_text("mine")
    for _ in range(2):
        done = run_command("examples", folder=tmp_path)
        assert done.returncode == 0
        assert done.stderr == "note: hymn.mid exists and is left as it is\n"
        assert done.stdout.split() == [
            file.name for file in FILES if file.name != "hymn.mid"
        ]
    assert (tmp_path / "hymn.mid").read_text() == "mine"
    for file in FILES:
        if file.name != "hymn.mid":
            assert (tmp_path / file.name).read_bytes() == file.read_bytes()
    assert len(list(tmp_path.iterdir())) == len(FILES)


def test_a_folder_is_made(tmp_path: Path) -> None:
    done = run_command("examples", "--output", tmp_path / "new" / "samples")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list((tmp_path / "new" / "samples").iterdir())) == len(FILES)


def test_they_are_small_and_readme_uses_them() -> None:
    assert sum(file.stat().st_size for file in FILES) < 150_000
    for name in ("my-tune.musicxml", "hymn.mid", "bass-line.mid", "my-drawing.svg"):
        assert name in README
        assert name in [file.name for file in FILES]


@pytest.mark.parametrize("ending", [".mid", ".musicxml", ".abc"])
def test_the_tune_is_the_same_in_all_formats(ending: str) -> None:
    melody = read_melody(bundled_corpus() / "examples" / f"my-tune{ending}")
    assert melody.remarks == ()
    notes = melody.chorale.notes(0)
    assert [note.pitch for note in notes[:7]] == [67, 69, 71, 67, 72, 71, 69]
    assert (len(notes), melody.chorale.steps) == (29, 128)
    assert melody.chorale.key is not None and melody.chorale.key.name == "G major"
    assert melody.chorale.fermatas.sum() == 32


def test_the_pieces_are_read_without_remarks() -> None:
    folder = bundled_corpus() / "examples"
    for name in ("hymn.mid", "hymn.musicxml", "my-opening.musicxml"):
        reading = read_any(folder / name)
        assert reading.remarks() == [] and reading.chorale.onsets.any(axis=0).all()
    assert read_melody(folder / "bass-line.mid", BASS).chorale.steps == 128
    done = run_command("check", folder / "hymn.mid", folder / "hymn.musicxml")
    assert done.stdout == ""
    done = run_command("check", folder / "my-exercise.musicxml")
    assert "parallel-fifths" in done.stdout and "parallel-octaves" in done.stdout


def test_the_drawings_are_the_same() -> None:
    folder = bundled_corpus() / "examples"
    (first,), (second,) = (
        list(read_sketches(folder / f"my-drawing{ending}"))
        for ending in (".svg", ".json")
    )
    assert len(first.strokes) == len(second.strokes) == 5
