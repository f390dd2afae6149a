"""Archives: members are read one at a time, within bounds."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hymns import hymn, tar_of, zip_of

from chorale.corpus.importing import archives
from chorale.corpus.importing.archives import (
    companions_of,
    list_members,
    read_member,
    unpacked,
)
from chorale.corpus.loading import annotations_path
from chorale.errors import DataError


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tgz"])
def test_a_member_is_unpacked_alone_and_removed(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"hymns{ending}"
    members = {"one.abc": hymn(1), "deep/two.abc": hymn(2)}
    if ending == ".zip":
        zip_of(path, dict(members))
    else:
        tar_of(path, members, {})
    archive = list_members(path, tmp_path)
    member = archive.by_name["deep/two.abc"]
    with unpacked(archive.path, member) as file:
        assert file.name == "two.abc"
        assert file.read_text() == hymn(2)
        assert [each.name for each in file.parent.iterdir()] == ["two.abc"]
    assert not file.parent.exists()


def test_members_of_one_name_are_different_members(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.abc", "first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.abc", "second")
    first, second = list_members(path, tmp_path).members
    assert (read_member(path, first), read_member(path, second)) == (
        b"first",
        b"second",
    )


def test_a_member_larger_than_a_score_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MEMBER_BYTES", 1 << 20)
    path = zip_of(tmp_path / "bomb.zip", {"a.abc": b"\0" * (2 << 20), "b.abc": b"b"})
    archive = list_members(path, tmp_path)
    assert [member.name for member in archive.members] == ["b.abc"]
    assert archive.refused == [("a.abc", "expected at most 1 MiB, it is larger")]


@pytest.mark.parametrize("ending", [".zip", ".tgz"])
def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    path = tmp_path / f"bomb{ending}"
    members = {f"{number}.abc": "z" * (1 << 18) for number in range(8)}
    if ending == ".zip":
        zip_of(path, dict(members))
    else:
        tar_of(path, members, {})
    monkeypatch.setattr(archives, "ARCHIVE_BYTES", 1 << 20)
    with pytest.raises(DataError, match="it has more: import it in parts"):
        list_members(path, tmp_path)


def test_an_archive_of_too_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    path = zip_of(tmp_path / "many.zip", {f"{number}.abc": "" for number in range(4)})
    with pytest.raises(DataError, match="at most 3 files"):
        list_members(path, tmp_path)


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "lies.zip", {"a.abc": "z" * 5000})
    content = bytearray(path.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (50).to_bytes(4, "little")
    path.write_bytes(content)
    (member,) = list_members(path, tmp_path).members
    with pytest.raises(DataError, match="cannot unpack it"):
        read_member(path, member)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "damaged.zip", {"a.abc": hymn(1)})
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    (member,) = list_members(path, tmp_path).members
    with pytest.raises(DataError, match="cannot unpack it"):
        read_member(path, member)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x/train/a.csv", ["x/annotations/train/a.csv", "x/index.csv"]),
        ("chorales/valid/b.csv", ["annotations/valid/b.csv", "index.csv"]),
        ("flat/c.csv", ["flat/annotations/c.csv", "flat/index.csv"]),
        ("x/train/a.abc", []),
    ],
)
def test_annotations_and_index_come_with_a_csv(
    tmp_path: Path, name: str, expected: list[str]
) -> None:
    names = [name, *expected, "elsewhere/index.csv"]
    members: dict[str, str | bytes] = dict.fromkeys(names, "text")
    index = "file,title\nother.csv,Other\n"
    members |= {each: index for each in names if each.endswith("index.csv")}
    path = zip_of(tmp_path / "corpus.zip", members)
    archive = list_members(path, tmp_path)
    companions = companions_of(archive.by_name[name], archive.by_name)
    assert [member.name for member in companions] == expected
    with unpacked(path, archive.by_name[name], companions) as file:
        assert file.as_posix().endswith(f"/{name}" if expected else "/a.abc")
        assert annotations_path(file).is_file() == bool(expected)


def test_only_the_entry_of_a_csv_is_unpacked_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the time and the memory of a corpus are those of its square."""
    index = "file,title\n" + "".join(f"{n}.csv,Hymn {n}\n" for n in range(20))
    members: dict[str, str | bytes] = {f"x/{n}.csv": "text" for n in range(21)}
    path = zip_of(tmp_path / "corpus.zip", members | {"x/index.csv": index})
    by_name = list_members(path, tmp_path).by_name
    parsed = []
    read_index = archives.read_index
    monkeypatch.setattr(
        archives, "read_index", lambda folder: parsed.append(1) or read_index(folder)
    )
    for number in range(20):
        member = by_name[f"x/{number}.csv"]
        with unpacked(path, member, companions_of(member, by_name)) as file:
            (entry,) = read_index(file.parent)
            assert (entry.file, entry.title) == (file.name, f"Hymn {number}")
    assert len(parsed) == 1
    member = by_name["x/20.csv"]
    with unpacked(path, member, companions_of(member, by_name)) as file:
        assert [each.name for each in file.parent.iterdir()] == ["20.csv"]


def test_an_invalid_index_in_an_archive_is_named(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {"a.csv": "text", "index.csv": "file,keys\na,b\n"}
    path = zip_of(tmp_path / "corpus.zip", members)
    by_name = list_members(path, tmp_path).by_name
    member = by_name["a.csv"]
    with (
        pytest.raises(DataError, match=r"^index\.csv, row 1, column keys: expected"),
        unpacked(path, member, companions_of(member, by_name)),
    ):
        pass


def test_an_archive_that_is_replaced_is_read_again(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "hymns.zip", {"a.abc": "first"})
    (member,) = list_members(path, tmp_path).members
    assert read_member(path, member) == b"first"
    zip_of(tmp_path / "new.zip", {"a.abc": "second"}).replace(path)
    (member,) = list_members(path, tmp_path).members
    assert read_member(path, member) == b"second"
