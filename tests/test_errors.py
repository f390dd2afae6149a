"""Errors: what they say, where, and with which exit code."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from chorale.errors import (
    ChoraleError,
    DataError,
    MissingExtraError,
    ModelError,
    OptionError,
    OutputError,
    StoppedError,
    UsageError,
    located,
    printable,
    translated,
)


def test_exit_codes() -> None:
    codes = {DataError: 1, ModelError: 1, OutputError: 1, UsageError: 2}
    for kind, code in {**codes, StoppedError: 130}.items():
        assert kind("x").exit_code == code and issubclass(kind, ChoraleError)
    assert OptionError("bars", "{}").exit_code == 2


def test_what_cannot_be_printed_is_escaped() -> None:
    assert printable("Süß 聖\x1b[31m\n\u202e") == r"Süß 聖\x1b[31m\n\u202e"
    assert str(DataError("a\tb", "dir\n/x.mid")) == r"dir\n/x.mid: a\tb"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((), "bad"),
        (("a.csv",), "a.csv: bad"),
        (("a.csv", 3), "a.csv, row 3: bad"),
        (("a.csv", 3, "note1"), "a.csv, row 3, column note1: bad"),
        ((None, 3), "row 3: bad"),
    ],
)
def test_a_place_stands_before_the_message(
    place: tuple[str, int, str], message: str
) -> None:
    assert str(DataError("bad", *place)) == message


def test_an_option_is_named_as_it_is_typed() -> None:
    error = OptionError("top_p", "expected {} below 1, got {}")
    assert str(error) == "expected top_p below 1, got {}"
    assert error.on_command_line(lambda name: f"--{name[:3]}") == (
        "expected --top below 1, got {}"
    )


def test_an_extra_is_named_with_its_installation() -> None:
    error = str(MissingExtraError("plot", "a report"))
    assert "a report needs" in error and "pip install '.[plot]'" in error


def test_a_file_is_added_once() -> None:
    with pytest.raises(DataError) as caught, located("outer"), located("in", row=3):
        raise DataError("bad")
    assert str(caught.value) == "in, row 3: bad"
    with (
        pytest.raises(DataError, match=r"^in: record 2: bad$"),
        located("in", record=2),
    ):
        raise DataError("bad")
    with pytest.raises(UsageError, match=r"^bad$"), located("in"):
        raise UsageError("bad")


def raised(error: Exception) -> Exception:
    """Return what becomes of an error of a library."""
    with (
        pytest.raises(Exception) as caught,
        translated(lambda reason: ModelError(f"damaged: {reason}")),
    ):
        raise error
    return caught.value


def test_errors_of_libraries_become_ours() -> None:
    found = raised(ValueError("two\n lines"))
    assert isinstance(found, ModelError) and str(found) == "damaged: two lines"
    assert isinstance(found.__cause__, ValueError)
    assert str(raised(KeyError())) == "damaged: KeyError"


def test_our_errors_and_those_of_the_system_pass() -> None:
    for error in (
        DataError("bad", Path("a")),
        OSError(errno.ENOSPC, "No space left on device"),
    ):
        assert raised(error) is error
    with pytest.raises(KeyboardInterrupt), translated(ModelError):
        raise KeyboardInterrupt
