"""A chorale as engraved pages: SVG texts, for pages of the web, notebooks and files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from textwrap import wrap
from typing import Any

from chorale.errors import OptionError
from chorale.formats.engraving.mei_score import Label as Label
from chorale.formats.engraving.mei_score import mei_of, printable
from chorale.formats.engraving.svg_cleaning import clean_page, picture_of
from chorale.formats.engraving.system_breaks import spread_bars
from chorale.formats.engraving.toolkit import render_mei
from chorale.music.score import Chorale
from chorale.music.voices import VOICES

_STAVES = (VOICES // 2, VOICES)
# The least and the most of options; width and height are in pixels.
_BOUNDS = {"width": (200, 10_000), "height": (200, 10_000), "scale": (0.2, 5.0)}
# Pixels of a unit of Verovio's, of which a staff is 72 high, at scale 1.
_UNIT = 0.45
_TITLE_LETTER, _CREDIT_LETTER = 13, 7  # pixels of most letters at scale 1
_HIGHEST = 60_000  # units, that Verovio's page can be high
_MARGIN = 40  # units
# Distances, in half staff spaces unless said otherwise, which differ from Verovio's.
_LAYOUT = {
    "spacingSystem": 8,
    "spacingStaff": 9,
    "spacingBraceGroup": 8,
    "bottomMarginHeader": 4.0,
    "minLastJustification": 0.65,  # of the width, that the last system is stretched
    "lyricSize": 4.0,
    "lyricTopMinMargin": 3.0,
}


@dataclass(frozen=True, kw_only=True)
class EngravingOptions:
    """How a chorale is engraved.

    Attributes:
        staves: 2, of two voices each, or 4.
        width: of a page in pixels.
        scale: size of the music; at 1 a staff is 32 pixels high.
        height: of a page in pixels; None for a single page, as high as need be.
        title: whether title and credit stand at the head.
        background: a color such as `white`; None is transparent.
        named: whether notes, rests and bars have identifiers and all elements classes;
            without them pictures are smaller.

    Raises:
        UsageError: a number of staves, or a size, that cannot be.
    """

    staves: int = VOICES // 2
    width: int = 1000
    scale: float = 1.0
    height: int | None = None
    title: bool = False
    background: str | None = None
    named: bool = True

    def __post_init__(self) -> None:
        if self.staves not in _STAVES:
            raise OptionError(
                "staves", f"expected {{}} to be 2 or 4, got {self.staves}"
            )
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise OptionError(
                    name, f"expected {{}} from {low} to {high}, got {value}"
                )


def engrave(
    chorale: Chorale,
    options: EngravingOptions | None = None,
    labels: Iterable[tuple[int, str]] = (),
) -> list[str]:
    """Engrave a chorale; return its pages as SVG texts.

    Notes, rests and bars have identifiers, see `mei_score`; everything is drawn in
    `currentColor`. There is no style, no script and no reference to anything outside.

    Args:
        chorale: any.
        options: by default two staves on a single page, 1000 pixels wide.
        labels: steps, and what stands there under the lowest staff, such as Roman
            numerals.

    Raises:
        MissingExtraError: Verovio is not installed.
    """
    options = options or EngravingOptions()
    title = printable(chorale.title or chorale.source)
    heading = _heading(title, printable(chorale.credit), options)
    labels = list(labels)

    def score(breaks: Collection[int] = ()) -> str:
        return mei_of(
            chorale,
            staves=options.staves,
            labels=labels,
            heading=heading,
            breaks=breaks,
        )

    def rearrange(systems: Sequence[int]) -> str:
        spread = spread_bars(systems)
        return "" if spread == systems else score([*accumulate(spread[:-1])])

    rendered = render_mei(score(), _verovio_options(options), rearrange)
    pages = [clean_page(svg, options.width, named=options.named) for svg in rendered]
    groups = [pages] if options.height is None else [[page] for page in pages]
    name = title or "A chorale"
    return [picture_of(group, name, options.background) for group in groups]


def _heading(title: str, credit: str, options: EngravingOptions) -> list[list[str]]:
    """Return the lines of title and credit, as long as the page is wide."""
    if not options.title:
        return []
    letters = options.width / options.scale  # pixels at scale 1
    return [
        wrap(text, max(round(letters / width), 1))
        for text, width in ((title, _TITLE_LETTER), (credit, _CREDIT_LETTER))
    ]


def _verovio_options(options: EngravingOptions) -> dict[str, Any]:
    unit = _UNIT * options.scale
    one_page = options.height is None
    return {
        **_LAYOUT,
        "pageWidth": round(options.width / unit),
        "pageHeight": _HIGHEST if one_page else round((options.height or 0) / unit),
        "adjustPageHeight": one_page,
        "pageMarginTop": _MARGIN,
        "pageMarginBottom": _MARGIN,
        "pageMarginLeft": _MARGIN,
        "pageMarginRight": _MARGIN,
        "header": "encoded" if options.title else "none",
        "footer": "none",
        "breaks": "auto",
        "svgFormatRaw": True,  # no indentation, which would be part of texts
    }
