"""Files that do not replace others, one process or twenty."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from chorale.errors import DataError, OutputError
from chorale.utils import saving
from chorale.utils.saving import (
    check_new,
    drafts,
    reserve,
    save_exactly,
    save_numbered,
)


def save(folder: Path, overwrite: bool = False, **contents: str) -> saving.Saved:
    """Save texts as `piece.<format>` in a folder."""
    with drafts(folder) as hidden:
        files = [hidden / f"piece.{ending}" for ending in contents]
        for file, text in zip(files, contents.values(), strict=True):
            file.write_text(text)
        return save_numbered(files, folder, overwrite=overwrite)


def texts(folder: Path) -> dict[str, str]:
    """Return the content of each file of a folder, hidden ones too."""
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture(params=["links", "no links"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with hard links and without, as on a memory card."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    return str(request.param)


def test_a_free_name_is_kept(tmp_path: Path, file_system: str) -> None:
    saved = save(tmp_path / "new" / "folder", mid="a", wav="b")
    assert (saved.number, saved.unchanged) == (1, False)
    assert texts(tmp_path / "new" / "folder") == {"piece.mid": "a", "piece.wav": "b"}


def test_all_formats_of_a_piece_get_one_number(
    tmp_path: Path, file_system: str
) -> None:
    save(tmp_path, wav="old")
    saved = save(tmp_path, mid="a", wav="b")
    assert (saved.number, saved.unchanged) == (2, False)
    assert [path.name for path in saved.paths] == ["piece-2.mid", "piece-2.wav"]
    assert save(tmp_path, mid="c", wav="d").number == 3
    assert texts(tmp_path) == {
        "piece.wav": "old",
        **{"piece-2.mid": "a", "piece-2.wav": "b"},
        **{"piece-3.mid": "c", "piece-3.wav": "d"},
    }


def test_what_is_there_already_is_not_written_again(
    tmp_path: Path, file_system: str
) -> None:
    save(tmp_path, mid="a")
    before = (tmp_path / "piece.mid").stat().st_mtime_ns
    saved = save(tmp_path, mid="a")
    assert (saved.number, saved.unchanged) == (1, True)
    assert save(tmp_path, mid="b").number == 2
    saved = save(tmp_path, mid="b", wav="w")  # the same piece in one format more
    assert (saved.number, saved.unchanged) == (2, False)
    assert texts(tmp_path) == {"piece.mid": "a", "piece-2.mid": "b", "piece-2.wav": "w"}
    assert (tmp_path / "piece.mid").stat().st_mtime_ns == before


def test_force_overwrites(tmp_path: Path, file_system: str) -> None:
    save(tmp_path, mid="a", wav="b")
    saved = save(tmp_path, overwrite=True, mid="c", wav="b")
    assert (saved.number, saved.unchanged) == (1, False)
    assert texts(tmp_path) == {"piece.mid": "c", "piece.wav": "b"}


def test_folders_and_dangling_links_are_not_overwritten(
    tmp_path: Path, file_system: str
) -> None:
    (tmp_path / "piece.mid").mkdir()
    (tmp_path / "piece-2.mid").symlink_to(tmp_path / "nowhere")
    assert save(tmp_path, mid="a").number == 3
    assert not (tmp_path / "nowhere").exists()


def test_a_name_that_the_user_chose_is_refused(
    tmp_path: Path, file_system: str
) -> None:
    path, beside = tmp_path / "out.md", tmp_path / "out-1.png"

    def write(text: str, overwrite: bool = False) -> bool:
        with drafts(tmp_path) as hidden:
            files = [hidden / path.name, hidden / beside.name]
            for file in files:
                file.write_text(text)
            return save_exactly(files, [path, beside], overwrite=overwrite)

    beside.write_text("old")
    with pytest.raises(
        OutputError, match=r"out-1\.png: there is such a file .*--force"
    ):
        write("a")
    assert texts(tmp_path) == {"out-1.png": "old"}  # all or none
    assert write("a", overwrite=True) and write("a", overwrite=True)
    assert not write("a")
    with pytest.raises(OutputError, match=r"out\.md: there is such a file"):
        write("b")
    with pytest.raises(OutputError, match="there is such a file"):
        check_new(path)
    check_new(tmp_path / "free.md")
    assert texts(tmp_path) == {"out.md": "a", "out-1.png": "a"}


def test_names_are_reserved(tmp_path: Path) -> None:
    names = [reserve(tmp_path / "below" / "memory.csv").name for _ in range(3)]
    assert names == ["memory.csv", "memory-2.csv", "memory-3.csv"]


def test_an_error_leaves_nothing_and_names_the_file_to_be(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught, drafts(tmp_path) as hidden:
        (hidden / "piece.mid").write_text("half")
        raise DataError("bad", hidden / "piece.mid")
    assert str(caught.value) == f"{tmp_path / 'piece.mid'}: bad"
    assert texts(tmp_path) == {}
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match="file: cannot write it"),
        drafts(tmp_path / "file"),
    ):
        pass


CODE = """
import sys
from pathlib import Path
from chorale.utils.saving import drafts, save_numbered
folder, worker = Path(sys.argv[1]), sys.argv[2]
sys.stdin.readline()
for piece in range(5):
    with drafts(folder) as hidden:
        endings = ["mid", "wav"] if int(worker) % 2 else ["wav", "mid"]
        files = [hidden / f"piece.{ending}" for ending in endings]
        for file in files:
            file.write_text(f"{worker} {piece}")
        save_numbered(files, folder)
"""


def test_twenty_processes_in_one_folder_lose_nothing(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CODE, str(tmp_path), str(worker)],
            stdin=subprocess.PIPE,
            text=True,
        )
        for worker in range(20)
    ]
    for worker in workers:  # all at once
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate()
        assert worker.returncode == 0
    found = texts(tmp_path)
    assert Counter(found.values()) == {
        f"{worker} {piece}": 2 for worker in range(20) for piece in range(5)
    }
    # Both formats of a piece have the same number.
    assert {Path(name).stem: text for name, text in found.items()} == {
        Path(name).stem: text for name, text in found.items() if name.endswith("wav")
    }


def test_nothing_is_overwritten_if_one_name_is_that_of_a_folder(
    tmp_path: Path,
) -> None:
    save(tmp_path, mid="old")
    (tmp_path / "piece.wav").mkdir()
    with pytest.raises(OutputError, match=r"piece\.wav: .* it is a folder"):
        save(tmp_path, overwrite=True, mid="new", wav="new")
    assert (tmp_path / "piece.mid").read_text() == "old"


def test_files_are_moved_all_or_none_on_a_full_disk(
    tmp_path: Path, file_system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = saving._move

    def fail(file: Path, path: Path) -> bool:
        if path.suffix == ".wav":
            raise OSError(errno.ENOSPC, "No space left on device")
        return move(file, path)

    monkeypatch.setattr(saving, "_move", fail)
    with pytest.raises(OutputError, match=r"piece\.wav: cannot write it: No space"):
        save(tmp_path, mid="a", wav="b")
    assert texts(tmp_path) == {}


def test_no_empty_file_is_left_if_a_move_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputError, match="Operation not permitted"):
        save(tmp_path, mid="a")
    assert texts(tmp_path) == {}


def test_drafts_of_killed_processes_are_removed_after_a_day(tmp_path: Path) -> None:
    names = (".chorale-unfinished-old", ".chorale-old", ".chorale-unfinished-new")
    for name, age in zip(names, (2, 2, 0), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / "piece.mid").write_text("half")
        then = time.time() - age * 24 * 3600
        os.utime(tmp_path / name, (then, then))
    save(tmp_path, mid="a")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".chorale-unfinished-new", "piece.mid"]


def test_what_a_killed_process_leaves_says_what_it_is(tmp_path: Path) -> None:
    code = """
import os, sys
from chorale.utils.saving import drafts
with drafts(sys.argv[1]) as hidden:
    (hidden / "piece.mid").write_text("half")
    os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".chorale-unfinished-")
    yesterday = time.time() - 25 * 3600
    os.utime(left, (yesterday, yesterday))
    save(tmp_path, mid="a")
    assert texts(tmp_path) == {"piece.mid": "a"}


def test_folders_of_other_names_are_left_alone(tmp_path: Path) -> None:
    for name in (".chorales", "chorale-unfinished-x", ".hidden"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    save(tmp_path, mid="a")
    assert len(list(tmp_path.iterdir())) == 4
