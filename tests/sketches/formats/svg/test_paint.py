"""Colors of SVG and CSS."""

from __future__ import annotations

import pytest

from chorale.sketches.formats.svg.paint import WHITE, Color, parse_color


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red", (1, 0, 0, 1)),
        (" Navy ", (0, 0, 128 / 255, 1)),
        ("#0f0", (0, 1, 0, 1)),
        ("#0f08", (0, 1, 0, 136 / 255)),
        ("#FF000080", (1, 0, 0, 128 / 255)),
        ("rgb(255, 0, 51)", (1, 0, 0.2, 1)),
        ("rgb(100% 0% 20% / 50%)", (1, 0, 0.2, 0.5)),
        ("rgba(300,-5,0,.25)", (1, 0, 0, 0.25)),
        ("hsl(120, 100%, 50%)", (0, 1, 0, 1)),
        ("hsla(0.5turn 100% 50% / 1)", (0, 1, 1, 1)),
        ("transparent", (0, 0, 0, 0)),
    ],
)
def test_colors(text: str, expected: tuple[float, ...]) -> None:
    assert parse_color(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "reddish", "#12", "#12345", "rgb(1,2)", "hsl(x)"])
def test_what_is_no_color(text: str) -> None:
    assert parse_color(text) is None


def test_contrast_follows_the_opacity() -> None:
    assert Color(0, 0, 0).contrast(WHITE) == 1
    assert Color(0, 0, 0, 0.25).contrast(WHITE) == pytest.approx(0.25)
    assert WHITE.contrast(WHITE) == 0
