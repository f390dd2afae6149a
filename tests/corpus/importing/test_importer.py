"""Imports: a corpus that loads, splits by group, and survives whatever happens."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import dying
import mido
import pytest
from hymns import hymn, write_hymns, zip_of

from chorale.corpus.importing import outcomes
from chorale.corpus.importing.archives import MEMBER_BYTES
from chorale.corpus.importing.importer import ImportOptions, import_corpus
from chorale.corpus.importing.journal import journal_path
from chorale.corpus.importing.outcomes import Workers
from chorale.corpus.importing.pieces import ACCEPTED, REFUSED, Outcome, PieceOptions
from chorale.corpus.importing.report import Report, Row
from chorale.corpus.importing.sources import Source
from chorale.corpus.index import read_index
from chorale.corpus.loading import SPLITS, load_corpus
from chorale.corpus.reading import read_piece
from chorale.corpus.statistics import describe
from chorale.errors import OutputError, UsageError
from chorale.formats.files import read, write
from chorale.utils.files import sha256

THREADS = Workers(executor="threads", workers=2)


def imported(*paths: Path, output: Path, **options: Any) -> Report:
    return import_corpus(paths, output, ImportOptions(**options), workers=THREADS)[0]


def by_name(report: Report) -> dict[str, Row]:
    return {Path(row.source).name: row for row in report.rows}


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_estimated_is_in_the_index(tmp_path: Path) -> None:
    folder = tmp_path / "hymns"
    folder.mkdir()
    (folder / "a.abc").write_text(hymn(1, key="none"))
    write(read(folder / "a.abc").transpose(3), folder / "b.csv")
    (folder / "c.abc").write_text(hymn(2, last="(3c2d2e2"))
    imported(folder, output=tmp_path / "corpus")
    estimated = {
        Path(entry.file).stem: (entry.estimated, entry.off_grid)
        for entry in read_index(tmp_path / "corpus")
    }
    assert estimated == {"a": ("key", 0), "b": ("key metre", 0), "c": ("", 3)}
    described = describe(load_corpus(tmp_path / "corpus"))
    assert described.estimated == {"key": 2, "metre": 1}
    assert described.off_grid == 3


def test_a_corpus_loads_as_its_files_are_read(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 13))
    output = tmp_path / "new" / "corpus"
    report = imported(folder, output=output)
    assert report.kept == 12
    corpus = load_corpus(output)
    loaded = {
        piece.source: piece for split in SPLITS for piece in getattr(corpus, split)
    }
    assert len(loaded) == 12
    for entry in read_index(output):
        name = Path(entry.file).stem
        chorale = read_piece(folder / f"{name}.abc").chorale
        assert loaded[name] == chorale
        assert (loaded[name].title, entry.title) == (chorale.title, chorale.title)
        assert entry.score == f"{name}.abc"
        assert entry.sha256 == sha256(output / entry.file)
        assert (entry.key, entry.metre, entry.steps) == ("C major", "4/4", 144)
        assert entry.source_sha256 == sha256(folder / f"{name}.abc")
        assert (entry.estimated, entry.off_grid) == ("", 0)
    assert min(len(getattr(corpus, split)) for split in SPLITS) == 1
    assert not journal_path(output).exists()
    assert [path.name for path in output.parent.iterdir()] == ["corpus"]


def test_similar_pieces_stay_in_one_split(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 6))
    for number in range(1, 6):
        (folder / f"again{number}.abc").write_text(hymn(number, last="G4"))
    rows = by_name(imported(folder, output=tmp_path / "corpus"))
    for number in range(1, 6):
        first, second = rows[f"hymn{number}.abc"], rows[f"again{number}.abc"]
        assert first.group == second.group
        assert first.split == second.split
    assert len({row.split for row in rows.values()}) > 1


def test_the_seed_chooses_the_splits_and_the_same_gives_the_same_bytes(
    tmp_path: Path,
) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 13))
    first, second, other = (tmp_path / name for name in ("one", "two", "three"))
    imported(folder, output=first)
    imported(folder, output=second)
    imported(folder, output=other, random_state=1)
    assert tree(first) == tree(second)
    assert set(tree(first)) != set(tree(other))


def test_splits_of_the_source_are_kept(tmp_path: Path) -> None:
    for split, number in (("train", 1), ("valid", 1), ("test", 2)):
        write_hymns(tmp_path / "own" / split, number)
    (tmp_path / "own" / "valid" / "hymn1.abc").write_text(hymn(1, last="G4"))
    report = imported(tmp_path / "own", output=tmp_path / "corpus")
    assert [row.split for row in report.rows] == ["test", "train", "valid"]
    assert report.spanning_groups == 1


def test_one_bad_file_never_stops_the_rest(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    (folder / "empty.mid").write_bytes(b"")
    (folder / "cut.xml").write_text("<score-partwise>")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "loop").symlink_to(folder)
    zip_of(folder / "some.zip", {"../out.abc": hymn(3), "in.abc": hymn(3)})
    (folder / "bad.zip").write_bytes(b"PK")
    report = imported(folder, tmp_path / "gone", output=tmp_path / "corpus")
    rows = by_name(report)
    refused = {name for name, row in rows.items() if row.status == REFUSED}
    assert refused == {
        *("empty.mid", "cut.xml", "picture.png", "loop", "out.abc", "bad.zip", "gone")
    }
    assert all(rows[name].reason for name in refused)
    assert {row.file for name, row in rows.items() if name not in refused} == {
        f"chorales/{rows[name].split}/{Path(name).stem}.csv"
        for name, stem in (
            ("hymn1.abc", "hymn1"),
            ("hymn2.abc", "hymn2"),
            ("in.abc", "in"),
        )
    }
    assert not (tmp_path / "out.abc").exists()


def test_the_same_content_is_imported_once(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    shutil.copy(folder / "hymn1.abc", folder / "copy.abc")
    zipped = zip_of(tmp_path / "hymns.zip", {"hymn2.abc": hymn(2)})
    report = imported(folder, zipped, output=tmp_path / "corpus")
    reasons = {Path(row.source).name: row.reason for row in report.rows if row.reason}
    assert reasons == {
        "hymn1.abc": f"it has the same content as another file: {folder}/copy.abc",
        "hymn2.abc": f"it has the same content as another file: {folder}/hymn2.abc",
    }


def test_copies_of_a_refused_file_have_its_reason(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    for name in ("a.abc", "b.abc"):
        (folder / name).write_text("X:1\nK:C\nV:1\nc4|\nV:2\nG4|\nV:3\nE4|\n")
    rows = by_name(imported(folder, output=tmp_path / "corpus"))
    assert rows["a.abc"].reason == rows["b.abc"].reason
    assert rows["a.abc"].reason.startswith("expected four voices")


def test_a_file_that_is_named_twice_is_said_to_be(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    path = folder / "hymn1.abc"
    report = imported(path, folder, output=tmp_path / "corpus")
    assert [row.reason for row in report.rows] == [
        "",
        f"it is named twice: as {path} too",
    ]


def test_the_same_notes_in_another_file_are_said(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    (folder / "other.abc").write_text(hymn(1, title="Other"))
    rows = by_name(imported(folder, output=tmp_path / "corpus"))
    assert rows["other.abc"].same_as == rows["hymn1.abc"].file
    assert rows["hymn1.abc"].same_as == ""


def test_files_of_one_name_are_different_pieces(tmp_path: Path) -> None:
    write_hymns(tmp_path / "hymns" / "x", 1)
    write_hymns(tmp_path / "hymns" / "y", 1)
    (tmp_path / "hymns" / "y" / "hymn1.abc").write_text(hymn(2))
    report = imported(tmp_path / "hymns", output=tmp_path / "corpus")
    assert [Path(row.file).name for row in report.rows] == [
        "x-hymn1.csv",
        "y-hymn1.csv",
    ]


def test_a_corpus_in_an_archive_keeps_its_annotations(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 7))
    first, second = tmp_path / "first", tmp_path / "second"
    imported(folder, output=first)
    zipped = zip_of(tmp_path / "corpus.zip", dict(tree(first)))
    imported(zipped, output=second)
    for name, content in tree(first).items():
        if name.startswith(("chorales", "annotations")):
            assert tree(second)[name] == content
    keys = {Path(entry.file).name: entry.key for entry in read_index(second)}
    assert set(keys.values()) == {"C major"}


def test_a_file_of_any_name_is_imported(tmp_path: Path) -> None:
    folder = tmp_path / "hymns"
    folder.mkdir()
    try:
        (folder / os.fsdecode(b"no\xff\nutf.abc")).write_text(hymn(1))
    except (OSError, ValueError):
        pytest.skip("this file system has no such names")
    (row,) = imported(folder, output=tmp_path / "corpus").rows
    assert row.source.endswith("no\\udcff\\nutf.abc")
    assert row.file == "chorales/train/no-utf.csv"
    assert load_corpus(tmp_path / "corpus").train[0].source == "no-utf"


# === Outputs ===


def test_other_folders_are_never_replaced(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="not of an import"):
            import_corpus([folder], folder, workers=THREADS, overwrite=overwrite)
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(OutputError, match="it is a file"):
        import_corpus([folder], file, workers=THREADS)
    assert file.read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    output = tmp_path / "corpus"
    output.mkdir()
    imported(write_hymns(tmp_path / "hymns", 1), output=output)
    assert len(load_corpus(output).train) == 1


def test_a_finished_import_is_left_as_it_is(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    output = tmp_path / "corpus"
    report, is_new = import_corpus([folder], output, workers=THREADS)
    again, is_new_again = import_corpus([folder], output, workers=THREADS)
    assert (is_new, is_new_again) == (True, False)
    assert again == report
    (folder / "hymn3.abc").write_text(hymn(3))
    with pytest.raises(OutputError, match="other files or options"):
        import_corpus([folder], output, workers=THREADS)
    assert len(read_index(output)) == 2
    import_corpus([folder], output, workers=THREADS, overwrite=True)
    assert len(read_index(output)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "hymns"]


def test_other_options_are_another_import(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    output = tmp_path / "corpus"
    imported(folder, output=output)
    with pytest.raises(OutputError, match="other files or options"):
        imported(folder, output=output, random_state=1)
    with pytest.raises(OutputError, match="other files or options"):
        imported(folder, output=output, pieces=PieceOptions(off_grid=0.5))


def test_files_that_are_refused_are_those_of_the_same_import(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    (folder / "README.txt").write_text("no music")
    (folder / "empty.abc").write_text("")
    (folder / "large.abc").write_bytes(b"")
    os.truncate(folder / "large.abc", MEMBER_BYTES + 1)
    members: dict[str, str | bytes] = {"note.txt": "no music", "hymn.abc": hymn(2)}
    zipped = zip_of(tmp_path / "hymns.zip", members)
    content = bytearray(zipped.read_bytes())
    content[40:42] = b"\xff\xff"  # of the note
    zipped.write_bytes(content)
    report, _ = import_corpus([folder, zipped], tmp_path / "out", workers=THREADS)
    assert (len(report.rows), report.kept) == (6, 2)
    again, is_new = import_corpus([folder, zipped], tmp_path / "out", workers=THREADS)
    assert (again, is_new) == (report, False)
    (folder / "README.txt").write_text("other words")
    with pytest.raises(OutputError, match="other files"):
        import_corpus([folder, zipped], tmp_path / "out", workers=THREADS)


def csv_corpus(folder: Path, key: str = "") -> Path:
    """Write a corpus of one CSV; with an index if there is a key."""
    folder.mkdir(parents=True, exist_ok=True)
    write(read(write_hymns(folder.parent / "hymns", 1) / "hymn1.abc"), folder / "x.csv")
    if key:
        (folder / "index.csv").write_text(f"file,key\nx.csv,{key}\n")
    return folder


def test_a_csv_with_another_index_is_another_file(tmp_path: Path) -> None:
    folder = csv_corpus(tmp_path / "a")
    output = tmp_path / "corpus"
    imported(folder, output=output)
    assert read_index(output)[0].estimated == "key metre"
    csv_corpus(folder, "G major")
    with pytest.raises(OutputError, match="other files"):
        imported(folder, output=output)
    import_corpus([folder], output, workers=THREADS, overwrite=True)
    (entry,) = read_index(output)
    assert (entry.key, entry.estimated) == ("G major", "metre")


def test_a_stopped_import_reads_a_csv_with_its_new_index(tmp_path: Path) -> None:
    folder = csv_corpus(tmp_path / "a")
    output = tmp_path / "corpus"

    def stop(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_corpus([folder], output, workers=THREADS, progress=stop)
    csv_corpus(folder, "G major")
    imported(folder, output=output)
    assert read_index(output)[0].key == "G major"


def test_equal_pitches_of_two_corpora_are_both_imported(tmp_path: Path) -> None:
    first, second = csv_corpus(tmp_path / "a"), csv_corpus(tmp_path / "b", "G major")
    same = csv_corpus(tmp_path / "c", "G major")
    report = imported(first, second, same, output=tmp_path / "corpus")
    assert [row.status for row in report.rows][2] == REFUSED
    assert report.kept == 2
    keys = {entry.key for entry in read_index(tmp_path / "corpus")}
    assert keys == {"C major", "G major"}
    assert report.rows[1].same_as == report.rows[0].file


def test_force_replaces_no_files_of_others(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    output = tmp_path / "corpus"
    imported(folder, output=output)
    (output / "run").mkdir()
    (output / "run" / "weights").write_text("hours of training")
    for in_shards in (True, False):
        with pytest.raises(OutputError, match="run/weights is not of the import"):
            import_corpus([folder], output, workers=THREADS, overwrite=True)
        shutil.move(output / "run", tmp_path)
        options = ImportOptions(in_shards=in_shards)
        import_corpus([folder], output, options, workers=THREADS, overwrite=True)
        shutil.move(tmp_path / "run", output)


def test_an_import_that_cannot_be_moved_leaves_the_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    output = tmp_path / "corpus"
    imported(folder, output=output)
    before = tree(output)
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "corpus" and path != output:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OutputError, match="Permission denied"):
        import_corpus([folder], output, workers=THREADS, overwrite=True)
    assert tree(output) == before


def test_a_missing_tempo_is_no_repair(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    path = tmp_path / "hymn.mid"
    write(read(folder / "hymn1.abc"), path)
    song = mido.MidiFile(path)
    for track in song.tracks:
        track[:] = [message for message in track if message.type != "set_tempo"]
        track[:] = [message for message in track if message.type != "text"]
    song.save(path)
    (row,) = imported(path, output=tmp_path / "corpus").rows
    assert (row.status, row.changes) == (ACCEPTED, ())


def test_nothing_is_written_without_a_piece(tmp_path: Path) -> None:
    folder = tmp_path / "hymns"
    folder.mkdir()
    (folder / "note.txt").write_text("no music")
    report, is_new = import_corpus([folder], tmp_path / "corpus", workers=THREADS)
    assert (report.kept, is_new, len(report.rows)) == (0, False, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["hymns"]


def test_an_output_inside_its_source_is_not_imported(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    output = folder / "corpus"
    imported(folder, output=output)
    report = imported(folder, output=output)
    assert [Path(row.source).name for row in report.rows] == ["hymn1.abc"]


def test_shares_are_checked_before_the_work() -> None:
    with pytest.raises(UsageError, match="add up to 1"):
        ImportOptions(shares=(0.5, 0.1, 0.1))


# === Killed ===


def test_an_import_that_was_stopped_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hymns(tmp_path / "hymns", *range(1, 11))
    zipped = zip_of(tmp_path / "more.zip", {"a.abc": hymn(11), "b.abc": hymn(12)})
    paths = [zipped, folder]
    whole, output = tmp_path / "whole", tmp_path / "corpus"
    imported(*paths, output=whole)

    def stop(done: int, total: int) -> None:
        assert total == 12
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_corpus(paths, output, workers=THREADS, progress=stop)
    assert not output.exists()
    assert journal_path(output).exists()

    read: list[str] = []
    read_source = outcomes.read_source

    def record(source: Source, options: PieceOptions) -> Outcome:
        read.append(Path(source.name).name)
        return read_source(source, options)

    monkeypatch.setattr(outcomes, "read_source", record)
    calls: list[int] = []
    import_corpus(
        paths, output, workers=THREADS, progress=lambda done, _: calls.append(done)
    )
    assert len(read) == 5
    assert calls == [8, 9, 10, 11, 12]
    assert tree(output) == tree(whole)


def test_a_file_that_kills_its_worker_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2, 3)
    (folder / "deadly.abc").write_text(hymn(4))
    monkeypatch.setattr(outcomes, "read_source", dying.read_or_die)
    report, _ = import_corpus([folder], tmp_path / "corpus", workers=Workers(workers=2))
    rows = by_name(report)
    assert report.kept == 3
    assert rows["deadly.abc"].status == REFUSED
    assert "worker process died" in rows["deadly.abc"].reason


def test_the_report_in_the_folder_is_that_of_the_call(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1, 2)
    (folder / "note.txt").write_text("no music")
    report = imported(folder, output=tmp_path / "corpus")
    stored = json.loads((tmp_path / "corpus" / "report.json").read_text())
    assert stored == json.loads(json.dumps(report.answer()))
    assert stored["pieces"] == {"accepted": 2, "repaired": 0, "refused": 1}
    assert stored["refused"] == {"cannot read a .txt": 1}
