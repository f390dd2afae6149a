"""`chorale corpus import`: from files to a corpus that other commands read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import run_command
from hymns import hymn, write_hymns

from chorale.commands.corpus import import_
from chorale.corpus.importing.importer import import_corpus
from chorale.corpus.loading import load_corpus

THREADS = ("--executor", "threads")


def test_a_folder_becomes_a_corpus(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 13))
    (folder / "note.txt").write_text("no music")
    output = tmp_path / "corpus"
    done = run_command("corpus", "import", folder, "--output", output, *THREADS)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads((output / "report.json").read_text())
    unreadable = next(row["reason"] for row in report["rows"] if row["reason"])
    assert unreadable.startswith("cannot read a .txt: ")
    assert done.stdout.splitlines() == [
        "13 files, 13 pieces",
        "accepted      12",
        "repaired       0",
        "refused        1",
        f"          {folder / 'note.txt'}: {unreadable}",
        "estimated from the notes: 0 keys, 0 metres",
        "groups of similar pieces: 12",
        "train 10, valid 1, test 1",
        str(output / "report.json"),
    ]
    described = run_command("corpus", "describe", output, "--json")
    answer = json.loads(described.stdout)
    assert answer["pieces"] == {"train": 10, "valid": 1, "test": 1}
    assert answer["keys"] == {"C major": 12}


def test_json_is_the_report_in_the_folder(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    output = tmp_path / "corpus"
    words = ("corpus", "import", folder, "--output", output, "--json", *THREADS)
    done = run_command(*words)
    assert json.loads(done.stdout) == json.loads((output / "report.json").read_text())
    again = run_command(*words)
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert (
        again.stderr == f"note: {output} is this import already, nothing is changed\n"
    )


def test_options_reach_the_import(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 11))
    (folder / "triplets.abc").write_text(hymn(11, last="(3cdefz"))
    output = tmp_path / "corpus"
    words = "--range C2-C6 --shares 0.5,0.5,0 --random-state 3 --off-grid 0 --trust"
    done = run_command(
        "corpus",
        "import",
        folder,
        "--output",
        output,
        *words.split(),
        "--workers",
        "1",
        *THREADS,
    )
    assert done.returncode == 0, done.stderr
    corpus = load_corpus(output)
    assert (len(corpus.train), len(corpus.valid), len(corpus.test)) == (5, 5, 0)
    report = json.loads((output / "report.json").read_text())
    assert report["options"] == {
        "range": ["C2 to C6"] * 4,
        "off_grid": 0.0,
        "trust": True,
        "shares": [0.5, 0.5, 0.0],
        "random_state": 3,
        "shards": False,
    }
    assert report["pieces"]["refused"] == 1


def test_a_corpus_in_shards_is_that_in_files(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 11))
    files, shards = tmp_path / "files", tmp_path / "shards"
    words = ("corpus", "import", folder, *THREADS, "--output")
    assert run_command(*words, files).returncode == 0
    assert run_command(*words, shards, "--shards").returncode == 0
    assert sorted(path.name for path in shards.iterdir()) == [
        *("report.json", "shards.json", "test", "train", "valid")
    ]
    for split in ("train", "valid", "test"):
        expected = {piece.source: piece for piece in load_corpus(files).split(split)}
        found = {piece.source: piece for piece in load_corpus(shards).split(split)}
        assert found == expected
        assert [found[name].title for name in expected] == [
            piece.title for piece in expected.values()
        ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shares", "a,b"), "expected --shares of train, valid and test such as"),
        (("--shares", "1,1,1"), "add up to 1"),
        (("--off-grid", "2"), "expected --off-grid from 0 to below 1"),
        (("--range", "H2"), "expected a range"),
        (("--executor", "horses"), "'horses'"),
    ],
)
def test_wrong_options_are_wrong_usage(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    done = run_command("corpus", "import", folder, "--output", tmp_path / "out", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


def test_nothing_to_import_fails_with_the_reasons(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no music")
    output = tmp_path / "corpus"
    words = ("corpus", "import", tmp_path / "note.txt", tmp_path / "gone")
    done = run_command(*words, "--output", output, *THREADS)
    assert done.returncode == 1
    assert "there is no such file or folder" in done.stdout
    assert done.stderr == (
        f"chorale: no piece can be imported from {tmp_path}/note.txt and "
        f"{tmp_path}/gone\n"
    )
    assert not output.exists()


def test_another_import_is_replaced_only_by_force(tmp_path: Path) -> None:
    first = write_hymns(tmp_path / "first", 1)
    second = write_hymns(tmp_path / "second", 2)
    output = tmp_path / "corpus"
    words = ("--output", output, *THREADS)
    assert run_command("corpus", "import", first, *words).returncode == 0
    done = run_command("corpus", "import", second, *words)
    assert done.returncode == 1
    assert "add --force to replace it" in done.stderr
    assert run_command("corpus", "import", second, *words, "--force").returncode == 0
    assert load_corpus(output).train[0].title == "Hymn 2"


def test_ctrl_c_says_how_to_continue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2, 3)
    output = tmp_path / "corpus"

    def stopped(*arguments: object, **options: object) -> object:
        def stop(done: int, total: int) -> None:
            raise KeyboardInterrupt

        return import_corpus(*arguments, **{**options, "progress": stop})  # type: ignore[arg-type]

    monkeypatch.setattr(import_, "import_corpus", stopped)
    words = ("corpus", "import", folder, "--output", output, *THREADS)
    done = run_command(*words)
    assert done.returncode == 130
    assert f"{output}.unfinished: the same command continues the import" in done.stderr
    monkeypatch.undo()
    assert run_command(*words).returncode == 0
    assert len(load_corpus(output).train) == 2
    assert not Path(f"{output}.unfinished").exists()


def test_a_missing_path_among_others_is_noted(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    missing = tmp_path / "hyms"
    words = (folder, missing, "--output", tmp_path / "corpus", *THREADS)
    done = run_command("corpus", "import", *words)
    assert done.returncode == 0
    assert done.stderr == f"note: {missing}: there is no such file or folder\n"
