from __future__ import annotations

import numpy as np
import pytest

from chorale.errors import DataError
from chorale.evaluation.style.windows import Window, match_windows, windows_of
from chorale.music.metre import Metre
from chorale.music.score import Chorale


def piece(source: str, bars: int = 6, metre: str = "4/4") -> Chorale:
    """Return a chorale of full bars on one chord."""
    signature = Metre.parse(metre)
    pitches = np.tile([72, 67, 64, 48], (bars * signature.bar_length, 1))
    return Chorale(pitches=pitches, metres=(signature,), source=source)


def sources(windows: list[Window]) -> list[str]:
    return [window.chorale.source for window in windows]


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_windows_begin_after_the_opening_and_go_to_the_end() -> None:
    (window,) = windows_of([piece("a")])
    assert (window.start, window.steps, window.group) == (32, 64, "a")
    (window,) = windows_of([piece("a", metre="3/4")], first_bar=2)
    assert (window.start, window.steps) == (12, 60)


def test_pieces_without_a_source_are_groups_of_their_own() -> None:
    windows = windows_of([piece(""), piece("")])
    assert len({window.group for window in windows}) == 2


def test_a_piece_without_the_bar_is_refused() -> None:
    with pytest.raises(DataError, match=r"at least 3 bars, got 'short' of 2"):
        windows_of([piece("short", bars=2)])


@pytest.mark.parametrize("start", [-1, 96])
def test_an_empty_window_is_refused(start: int) -> None:
    with pytest.raises(DataError, match="from a step of 0 to 95"):
        Window(piece("a"), start, "a")


def test_a_match_has_the_place_the_length_and_the_metre() -> None:
    window = Window(piece("sample", bars=5), 48, "a")
    others = [piece("b", bars=9), *[piece("c", metre="3/4", bars=5)] * 10]
    others += [piece("d", bars=2)] * 10
    found = match_windows([window], others, generator())
    assert sources(found.windows) == ["b"]
    assert found.windows[0].start == 48
    assert found.windows[0].steps == window.steps
    assert (found.other_metre, found.shorter) == (0, 0)


def test_a_bar_is_found_by_its_number_behind_a_pickup() -> None:
    metre = Metre(4, 4)
    with_pickup = Chorale(
        pitches=np.tile([72, 67, 64, 48], (100, 1)),
        bars=np.repeat(np.arange(7), [4] + 6 * [16]),
        positions=np.append(np.arange(12, 16), np.tile(np.arange(16), 6)),
        metres=(metre,),
        source="b",
    )
    found = match_windows(
        [Window(piece("a", bars=4), 32, "a")], [with_pickup], generator()
    )
    assert (found.windows[0].start, found.windows[0].steps) == (36, 32)


def test_all_are_drawn_before_any_comes_again() -> None:
    windows = [Window(piece("sample"), 32, f"opening {index}") for index in range(10)]
    others = [piece(name) for name in "abcd"]
    drawn = sources(match_windows(windows, others, generator()).windows)
    assert sorted(drawn[:4]) == sorted(drawn[4:8]) == list("abcd")
    again = sources(match_windows(windows, others, generator()).windows)
    assert drawn == again
    other = sources(match_windows(windows, others, np.random.default_rng(1)).windows)
    assert drawn != other


def test_a_window_is_not_beside_its_own_piece() -> None:
    windows = windows_of([piece(name) for name in "abab"])
    drawn = match_windows(windows, [piece("a"), piece("b")], generator())
    assert sources(drawn.windows) == list("baba")
    with pytest.raises(DataError, match="another chorale with a bar 3"):
        match_windows(windows_of([piece("a")]), [piece("a")], generator())


def test_the_nearest_length_comes_first_and_short_ones_are_counted() -> None:
    windows = [Window(piece("sample", bars=8), 32, "opening") for _ in range(3)]
    others = [piece("short"), piece("near", bars=9), piece("long", bars=12)]
    found = match_windows(windows, others, generator())
    assert sources(found.windows) == ["near", "short", "long"]
    # What is a little longer keeps its ending, what is far longer is cut.
    assert [window.steps for window in found.windows] == [112, 64, 96]
    assert [window.is_cut for window in found.windows] == [False, False, True]
    assert found.shorter == 1


def test_a_metre_of_many_is_kept_and_one_of_few_is_not() -> None:
    window = Window(piece("sample", metre="3/4"), 24, "opening")
    waltzes = [piece(f"waltz {number}", metre="3/4") for number in range(10)]
    others = [piece("march"), *waltzes]
    kept = match_windows([window] * 20, others, generator())
    assert "march" not in sources(kept.windows) and kept.other_metre == 0
    mixed = match_windows([window] * 10, others[:-1], generator())
    assert "march" in sources(mixed.windows) and mixed.other_metre == 1


def test_another_metre_is_taken_if_there_is_no_other_way_and_is_counted() -> None:
    found = match_windows(
        [Window(piece("sample", metre="3/4"), 24, "opening")], [piece("a")], generator()
    )
    assert sources(found.windows) == ["a"]
    assert found.other_metre == 1
