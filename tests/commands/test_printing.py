"""Lines about the files that commands read and write."""

from __future__ import annotations

from pathlib import Path

import pytest

from chorale.commands.printing import (
    print_naming,
    print_remarks,
    print_saved,
    print_unchanged,
)
from chorale.utils.saving import Saved, drafts, save_numbered

Capture = pytest.CaptureFixture[str]


def test_remarks_are_lines_on_stderr(capsys: Capture) -> None:
    print_remarks()
    print_remarks("one", "two")
    assert tuple(capsys.readouterr()) == ("", "note: one\nnote: two\n")


def test_usual_names_are_printed_without_a_remark(capsys: Capture) -> None:
    paths = [Path("out/a.mid"), Path("out/a.wav")]
    print_saved(paths, Saved(paths, 1, unchanged=False))
    assert tuple(capsys.readouterr()) == ("out/a.mid\nout/a.wav\n", "")


def test_a_number_is_said_with_the_name_that_is_taken(capsys: Capture) -> None:
    saved = Saved([Path("out/a-3.mid")], 3, unchanged=False)
    print_saved([Path("draft/a.mid")], saved)
    assert tuple(capsys.readouterr()) == (
        "out/a-3.mid\n",
        "note: a.mid exists: -3 is appended, as in a-3.mid (--force overwrites)\n",
    )
    saved = Saved([Path("a-2.mid"), Path("a-2.wav")], 2, unchanged=False)
    print_naming([Path("a.mid"), Path("a.wav")], saved)
    assert "note: a.mid, a.wav or one of them exists: -2" in capsys.readouterr().err


def test_files_that_were_there_already_are_said_to_be_unchanged(
    capsys: Capture,
) -> None:
    paths = [Path("a-2.mid"), Path("a-2.wav")]
    print_saved(paths, Saved(paths, 2, unchanged=True))
    out, err = capsys.readouterr()
    assert out == "a-2.mid\na-2.wav\n"
    assert err == "note: a-2.mid is unchanged\nnote: a-2.wav is unchanged\n"
    print_unchanged(paths)
    assert tuple(capsys.readouterr()) == ("", err)


def test_what_is_said_is_what_was_saved(tmp_path: Path, capsys: Capture) -> None:
    for text, out, err in (
        ("a", "a.mid", ""),
        ("b", "a-2.mid", "-2 is appended, as in a-2.mid"),
        ("b", "a-2.mid", "a-2.mid is unchanged"),
    ):
        with drafts(tmp_path) as folder:
            (folder / "a.mid").write_text(text)
            saved = save_numbered([folder / "a.mid"], tmp_path)
            print_saved([folder / "a.mid"], saved)
        captured = capsys.readouterr()
        assert captured.out == f"{tmp_path / out}\n"
        assert err in captured.err and bool(err) == bool(captured.err)
