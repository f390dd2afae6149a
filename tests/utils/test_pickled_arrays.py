"""Pickles: arrays come back as they were, and nothing else is made of them."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chorale.utils.pickled_arrays import ArrayUnpickler

BEGIN, _ = np.empty(0).__reduce__()[:2]  # type: ignore[misc]


def opened(content: bytes) -> Any:
    return ArrayUnpickler(io.BytesIO(content), encoding="latin1").load()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array([60, 0], ">i2"),
        np.array(["soprano", "alto"]),
        np.array([], np.uint8),
    ],
)
def test_arrays_come_back(protocol: int, array: Any) -> None:
    for value in (array, {"train": [array]}["train"][0]):
        found = opened(pickle.dumps(value, protocol))
        np.testing.assert_array_equal(found, array)
        assert (found.dtype.kind, found.dtype.itemsize) == (
            array.dtype.kind,
            array.dtype.itemsize,
        )


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_arrays_and_numbers_come_back(protocol: int) -> None:
    pieces = np.empty(2, object)
    pieces[:] = [np.ones((2, 4)), [np.int64(60), np.float32("nan"), (1, None)]]
    first, (number, silence, pair) = opened(pickle.dumps(pieces, protocol))
    np.testing.assert_array_equal(first, np.ones((2, 4)))
    assert (number, bool(np.isnan(silence)), pair) == (60, True, (1, None))


class Reduced:
    """What a pickle makes by calling a function, and by giving the result a state."""

    def __init__(self, function: Callable[..., Any], *values: Any, state: Any) -> None:
        self._reduced = (function, values, state)

    def __reduce__(self) -> Any:
        return self._reduced


def typed(name: Any, state: Any) -> Reduced:
    return Reduced(np.dtype, name, state=state)


def array(kind: Any, content: Any, shape: Any = (1,)) -> bytes:
    state = (1, shape, kind, False, content)
    return pickle.dumps(Reduced(BEGIN, np.ndarray, (0,), b"b", state=state), 4)


ORDER = (3, "<", None, None, None, -1, -1, 0)


def test_the_form_that_is_built_here_is_that_of_numpy() -> None:
    assert opened(array(typed("i8", ORDER), (7).to_bytes(8, "little"))).tolist() == [7]


@pytest.mark.parametrize(
    "content",
    [
        # Bytes in the place of objects, which would be taken for addresses.
        array(typed("O", (3, "|", None, None, None, -1, -1, 0)), b"A" * 8),
        array(typed("O", (3, "|", None, None, None, -1, -1, 63)), b"A" * 8),
        array(typed("i8", (3, "|", None, None, None, -1, -1, 63)), [object]),
        # Fields, one of them an object.
        array(typed("V8", (3, "|", None, ("a",), {"a": ("O", 0)}, 8, 1, 0)), b"A" * 8),
        array(typed("i4,O", ORDER), b"A" * 12),
        array(typed(np.dtype("i8"), ORDER), b"A" * 8),
        array("i8", b"A" * 8),
        # Shapes that the content does not have.
        array(typed("i8", ORDER), b"A" * 8, (1 << 40,)),
        array(typed("i8", ORDER), b"A" * 8, (-1, -1)),
        array(typed("O", ORDER), [1], (2,)),
        # Arrays that are made in another way.
        pickle.dumps(Reduced(np.ndarray, (1,), "O", b"A" * 8, state=None), 4),
        pickle.dumps(Reduced(np.dtype, "V8", state=None), 4),
        pickle.dumps(np.frombuffer, 4),
    ],
)
def test_what_is_no_array_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        opened(content)
