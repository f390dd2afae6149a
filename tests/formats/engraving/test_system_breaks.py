"""Where systems begin: their sizes, and the pictures that come of them."""

from __future__ import annotations

import pytest
from bach import few_chorales
from hypothesis import given
from hypothesis import strategies as st

from chorale.formats.engraving import EngravingOptions, engrave
from chorale.formats.engraving.system_breaks import spread_bars
from chorale.music.metre import Metre
from chorale.music.score import Chorale, Note


@pytest.mark.parametrize(
    ("systems", "spread"),
    [
        ([6, 6, 1], [5, 4, 4]),
        ([6, 5, 2], [5, 4, 4]),
        ([3, 1], [2, 2]),
        ([8, 8, 8, 8, 1], [8, 7, 6, 6, 6]),
        ([9, 3, 1], [6, 4, 3]),  # bars of the second system are wide
        # Nothing is wrong with these.
        ([6, 6, 3], [6, 6, 3]),
        ([4, 3, 2], [4, 3, 2]),
        ([2, 2, 1], [2, 2, 1]),
        ([1, 1], [1, 1]),
        ([2], [2]),
        ([], []),
    ],
)
def test_bars_are_spread_if_the_last_system_has_few(
    systems: list[int], spread: list[int]
) -> None:
    assert spread_bars(systems) == spread


@given(st.lists(st.integers(1, 12), min_size=1, max_size=30))
def test_all_bars_and_systems_stay(systems: list[int]) -> None:
    spread = spread_bars(systems)
    assert sum(spread) == sum(systems)
    assert len(spread) == len(systems)
    assert min(spread) >= 1


def systems_of(chorale: Chorale, **options: int) -> list[int]:
    """Return the number of bars in each system of a picture."""
    pages = engrave(chorale, EngravingOptions(**options))
    systems = [each for page in pages for each in page.split('class="system"')[1:]]
    return [system.count('id="bar-') for system in systems]


@pytest.mark.parametrize("width", [700, 1000, 1340])
def test_chorales_of_bach_end_with_a_system_of_some_bars(width: int) -> None:
    for chorale in few_chorales().train[:8]:
        systems = systems_of(chorale, width=width)
        assert sum(systems) == len(chorale.written_bars())
        assert systems[-1] >= min(3, systems[0] - 1)


def test_a_metre_that_begins_with_a_system_is_drawn_on_it() -> None:
    line = [Note(67, 4 * beat, 4) for beat in range(4 * 13)]
    for start in (5 * 16, 6 * 16):
        metres = (Metre(4, 4), Metre(3, 4, start))
        chorale = Chorale.from_notes([line, [], [], []], 13 * 16, metres=metres)
        (picture,) = engrave(chorale, EngravingOptions(width=800))
        assert picture.count("meterSig") >= 4  # of two staves, twice
        assert systems_of(chorale, width=800)[-1] > 1


def test_pages_are_spread_too() -> None:
    chorale = few_chorales().train[0]
    systems = systems_of(chorale, width=1000, height=400)
    assert sum(systems) == len(chorale.written_bars())
    assert systems[-1] >= min(3, systems[0] - 1)
