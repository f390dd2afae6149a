"""JSON that means harm: nested, long, of numbers that are none."""

from __future__ import annotations

import pytest

from chorale.studio.responses import RefusedError, json_of


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b"[" + b"[]," * 500_000 + b"[]]",
        b"[" + b"{}," * 500_000 + b"{}]",
        b"[" + b"0," * 2_100_000 + b"0]",
        *(b"NaN", b"-Infinity", b"1" * 5000, b"\xff", b"", b'{"a":1}{'),
    ],
)
def test_it_is_refused_in_a_sentence(text: bytes) -> None:
    with pytest.raises(RefusedError, match="expected JSON") as caught:
        json_of(text)
    assert len(str(caught.value)) < 200


def test_the_largest_piece_is_read() -> None:
    notes = b"[" + b"[60,19999,1]," * 40_000 + b"[]]"
    lyrics = b"[" + b'{"voice":0,"step":1,"text":"a, b"},' * 40_000 + b"{}]"
    body = json_of(b'{"notes":' + notes + b',"lyrics":' + lyrics + b"}")
    assert len(body["notes"]) == len(body["lyrics"]) == 40_001
