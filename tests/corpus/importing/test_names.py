"""Names of imported pieces: readable, unique, safe."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chorale.corpus.importing.names import unique_names


@pytest.mark.parametrize(
    ("parts", "label", "name"),
    [
        (("hymns", "Nun danket.mid"), "", "Nun-danket"),
        (("book.abc",), "12", "book-12"),
        (("Ä ö+ü.xml",), "", "Ae-oe-ue"),
        (("madrigal.3.1.mxl",), "", "madrigal-3-1"),
        (("нот.mid",), "", "piece"),
        (("con.mid",), "", "con-piece"),
        (("index.csv",), "", "index-piece"),
        (("..mid",), "", "piece"),
    ],
)
def test_a_name_is_that_of_the_file(
    parts: tuple[str, ...], label: str, name: str
) -> None:
    assert unique_names([(parts, label)]) == [name]


def test_files_of_one_name_get_that_of_their_folder() -> None:
    places = [("x", "a.mid"), ("y", "A.mid"), ("z", "b.mid")]
    assert unique_names([(place, "") for place in places]) == ["x-a", "y-A", "b"]


def test_a_number_is_the_last_resort() -> None:
    places = [("a.mid",), ("a.xml",), ("a-2.mid",)]
    assert unique_names([(place, "") for place in places]) == ["a", "a-2", "a-2-2"]


@given(
    st.lists(
        st.tuples(
            st.lists(st.text(min_size=1), min_size=1, max_size=3), st.text(max_size=99)
        ),
        max_size=20,
    )
)
def test_names_are_unique_and_safe(pieces: list[tuple[list[str], str]]) -> None:
    names = unique_names(pieces)
    assert len({name.casefold() for name in names}) == len(pieces)
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name)
        assert name.lower() not in ("con", "aux", "index", "manifest", "lpt1")
