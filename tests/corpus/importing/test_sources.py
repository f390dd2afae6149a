"""Sources of an import: what is found in folders and archives, and what is not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hymns import hymn, tar_of, write_hymns, zip_of

from chorale.corpus.importing.sources import Listing, find_sources


def found(tmp_path: Path, *paths: Path, excluded: tuple[Path, ...] = ()) -> Listing:
    private = tmp_path / ".private"
    private.mkdir(exist_ok=True)
    return find_sources(paths, private, excluded)


def names(listing: Listing, folder: Path) -> list[str]:
    return [source.name.removeprefix(f"{folder}/") for source in listing.sources]


def test_folders_are_searched_recursively_by_name(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 2, 1)
    write_hymns(folder / "more", 3)
    listing = found(tmp_path, folder)
    assert names(listing, folder) == ["hymn1.abc", "hymn2.abc", "more/hymn3.abc"]
    assert listing.sources[2].place == ("more", "hymn3.abc")
    assert not listing.refused


def test_hidden_files_and_what_belongs_to_a_corpus_are_no_sources(
    tmp_path: Path,
) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    for name in ("index.csv", "manifest.csv", "report.json", ".DS_Store"):
        (folder / name).write_text("no music")
    write_hymns(folder / ".git", 2)
    (write_hymns(folder / "annotations", 3) / "hymn1.csv").write_text("onset")
    expected = ["annotations/hymn3.abc", "hymn1.abc"]
    listing = found(tmp_path, folder)
    assert names(listing, folder) == expected
    assert listing.hidden == 2
    files = [path for path in folder.rglob("*") if path.is_file()]
    zipped = zip_of(
        tmp_path / "hymns.zip",
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in files},
    )
    listing = found(tmp_path, zipped)
    assert names(listing, zipped) == expected
    assert not listing.refused


def test_what_the_import_writes_is_no_source(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    write_hymns(folder / "corpus", 2)
    (folder / "corpus.unfinished").write_text("")
    passed = (folder / "corpus", folder / "corpus.unfinished")
    assert names(found(tmp_path, folder, excluded=passed), folder) == ["hymn1.abc"]


def test_a_missing_path_is_named_and_costs_no_other(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    listing = found(tmp_path, tmp_path / "gone", folder)
    assert listing.refused == [
        (str(tmp_path / "gone"), "there is no such file or folder")
    ]
    assert len(listing.sources) == 1


def test_links_that_lead_in_circles_are_named(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    (folder / "below").mkdir()
    (folder / "below" / "up").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "lost").symlink_to(tmp_path / "gone")
    listing = found(tmp_path, folder)
    assert names(listing, folder) == ["hymn1.abc"]
    reasons = {Path(name).name: reason for name, reason in listing.refused}
    assert set(reasons) == {"up", "self", "lost"}
    assert reasons["up"].startswith("a link to a folder that is read already")
    assert "symbolic link" in reasons["self"]
    assert reasons["lost"] == "a link to a file that is missing"


def test_links_to_other_folders_are_followed(tmp_path: Path) -> None:
    other = write_hymns(tmp_path / "other", 7)
    folder = write_hymns(tmp_path / "hymns", 1)
    (folder / "linked").symlink_to(other)
    assert names(found(tmp_path, folder), folder) == ["hymn1.abc", "linked/hymn7.abc"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    os.mkfifo(folder / "pipe.abc")
    ((name, reason),) = found(tmp_path, folder).refused
    assert (Path(name).name, reason) == (
        "pipe.abc",
        "expected a file, it is a pipe or a device",
    )


def test_an_unreadable_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_hymns(tmp_path / "hymns", 1)
    locked = write_hymns(folder / "locked", 2)
    listed = Path.iterdir

    def iterdir(path: Path) -> object:
        if path == locked:  # as for a user without the right to read it
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    listing = found(tmp_path, folder)
    assert listing.refused == [(str(locked), "cannot read it: Permission denied")]
    assert names(listing, folder) == ["hymn1.abc"]


# === Archives ===


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tgz", ".tar.gz"])
def test_members_of_archives_are_sources(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hymns{ending}"
    members = {"b/one.abc": hymn(1), "a.abc": hymn(2), "__MACOSX/._a.abc": "junk"}
    if ending == ".zip":
        zip_of(path, dict(members))
    else:
        tar_of(path, members, {})
    listing = found(tmp_path, path)
    assert names(listing, path) == ["a.abc", "b/one.abc"]
    assert listing.sources[1].place == (path.name, "b", "one.abc")
    assert listing.hidden == 1


def test_members_that_are_refused_are_named(tmp_path: Path) -> None:
    inner = zip_of(tmp_path / "inner.zip", {"a.abc": hymn(1)}).read_bytes()
    zipped = zip_of(
        tmp_path / "bad.zip",
        {
            "../out.abc": hymn(1),
            "/root.abc": hymn(1),
            "C:\\disk.abc": hymn(1),
            "inner.zip": inner,
            "inner.7z": b"",
            "good.abc": hymn(1),
        },
    )
    listing = found(tmp_path, zipped)
    assert names(listing, zipped) == ["good.abc"]
    reasons = [reason for _, reason in listing.refused]
    assert reasons.count("its name leads out of the archive") == 3
    assert reasons.count("an archive in an archive: unpack it first") == 2


def test_links_in_archives_are_refused(tmp_path: Path) -> None:
    path = tar_of(
        tmp_path / "links.tgz", {"good.abc": hymn(1)}, {"link.abc": "/etc/passwd"}
    )
    listing = found(tmp_path, path)
    assert names(listing, path) == ["good.abc"]
    assert listing.refused == [
        (f"{path}/link.abc", "a link or a device, not a file"),
    ]


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "secret.zip", {"a.abc": hymn(1), "b.abc": hymn(2)})
    content = bytearray(path.read_bytes())
    # The flags of the first member, in the directory at the end.
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    listing = found(tmp_path, path)
    assert names(listing, path) == ["b.abc"]
    ((name, reason),) = listing.refused
    assert name == f"{path}/a.abc"
    assert reason.startswith("it is encrypted")


@pytest.mark.parametrize("ending", [".zip", ".tgz", ".tar"])
@pytest.mark.parametrize("content", ["empty", "cut", "text"])
def test_damaged_archives_are_named(tmp_path: Path, ending: str, content: str) -> None:
    path = tmp_path / f"bad{ending}"
    members = {f"{number}.abc": hymn(number) * 9 for number in range(1, 6)}
    if ending == ".zip":
        zip_of(path, dict(members))
    else:
        tar_of(path, members, {})
    whole = path.read_bytes()
    text = b"this is no archive at all " * 40
    path.write_bytes(
        {"empty": b"", "cut": whole[: len(whole) // 2], "text": text}[content]
    )
    listing = found(tmp_path, path, write_hymns(tmp_path / "hymns", 1))
    assert len([source for source in listing.sources if not source.member]) == 1
    assert [name for name, _ in listing.refused] == [str(path)]
    assert "archive" in listing.refused[0][1]


# === Splits ===


def test_a_folder_of_splits_keeps_them(tmp_path: Path) -> None:
    folder = tmp_path / "jsb"
    for split, number in (("train", 1), ("Validation", 2), ("test", 3)):
        write_hymns(folder / split, number)
    splits = [source.split for source in found(tmp_path, folder).sources]
    assert sorted(splits) == ["test", "train", "valid"]


def test_an_archive_of_splits_keeps_them(tmp_path: Path) -> None:
    path = zip_of(
        tmp_path / "corpus.zip",
        {"x/chorales/train/a.abc": hymn(1), "x/chorales/valid/b.abc": hymn(2)},
    )
    splits = [source.split for source in found(tmp_path, path).sources]
    assert splits == ["train", "valid"]


def test_a_lone_folder_named_test_is_no_split(tmp_path: Path) -> None:
    folder = tmp_path / "hymns"
    write_hymns(folder / "test", 1)
    write_hymns(folder / "other", 2)
    assert [source.split for source in found(tmp_path, folder).sources] == ["", ""]


def test_the_score_is_a_name_that_can_be_carried_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "books").mkdir()
    write_hymns(tmp_path / "books" / "old", 1)
    zip_of(tmp_path / "books" / "more.zip", {"new/hymn2.abc": hymn(2)})

    def scores(*paths: Path) -> list[str]:
        return [source.score for source in found(tmp_path / "private", *paths).sources]

    (tmp_path / "private").mkdir()
    books = tmp_path / "books"
    assert scores(books) == ["more.zip/new/hymn2.abc", "old/hymn1.abc"]
    assert scores(books / "more.zip") == ["more.zip/new/hymn2.abc"]
    assert scores(books / "old" / "hymn1.abc") == ["hymn1.abc"]
    monkeypatch.chdir(books)
    assert scores(Path("old"), Path("../books/more.zip")) == [
        "old/hymn1.abc",
        "../books/more.zip/new/hymn2.abc",
    ]


def test_many_members_are_listed_in_time(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "many.zip", {f"{n}.abc": "" for n in range(10_000)})
    begin = time.process_time()
    assert len(found(tmp_path, path).sources) == 10_000
    assert time.process_time() - begin < 3  # the square would take 10
