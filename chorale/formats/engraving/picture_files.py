"""SVG and PNG files of scores, with title and credit, on white."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from chorale.errors import DataError
from chorale.formats.engraving.engraver import EngravingOptions, engrave
from chorale.formats.engraving.svg_cleaning import SERIF
from chorale.music.score import Chorale
from chorale.utils.extras import require
from chorale.utils.files import replacing, write_text

_OPTIONS = EngravingOptions(width=1100, title=True, background="white", named=False)
_SHARPNESS = 2  # pixels of a PNG for each of the score
_MOST_PIXELS = 32_000  # height of a PNG
_FONT_PACKAGE, _FONT = "font_caladea", "Caladea"


def write_svg(chorale: Chorale, path: Path | str) -> None:
    """Write the score of a chorale on two staves as an SVG picture.

    Raises:
        MissingExtraError: Verovio is not installed.
        OutputError: the file cannot be written.
    """
    (picture,) = engrave(chorale, _OPTIONS)
    write_text(path, picture + "\n")


def write_png(chorale: Chorale, path: Path | str) -> None:
    """Write the score of a chorale on two staves as a PNG picture.

    It is 2200 pixels wide, whatever the length of the piece one picture. Words are in a
    serif font of the system; where there is none, in the font of the extra [score].

    Raises:
        MissingExtraError: Verovio or resvg is not installed.
        DataError: the piece is too long for a picture.
        OutputError: the file cannot be written.
    """
    require("score", "a PNG picture", ["resvg_py"])
    (picture,) = engrave(chorale, _OPTIONS)
    data = png_of(picture)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def png_of(picture: str, *, system_fonts: bool = True) -> bytes:
    """Return an SVG picture as PNG, in twice its size.

    Args:
        picture: as `engrave` returns it.
        system_fonts: whether words may be in a font of the system.

    Raises:
        DataError: it is too high.
    """
    import resvg_py

    height = int(picture.partition(' height="')[2].partition('"')[0])
    if height * _SHARPNESS > _MOST_PIXELS:
        raise DataError(
            f"expected a score of at most {_MOST_PIXELS // _SHARPNESS} pixels in "
            f"height for a PNG picture, got {height}: write it as svg, or in parts"
        )
    fonts = sorted(map(str, _bundled_fonts()))
    if not system_fonts:
        picture = picture.replace(SERIF, f"{_FONT}, serif")
    data = resvg_py.svg_to_bytes(
        svg_string=picture,
        zoom=_SHARPNESS,
        skip_system_fonts=not system_fonts,
        font_files=fonts,
    )
    return bytes(data)


def _bundled_fonts() -> list[Path]:
    """Return the files of the font of the extra [score]; none if it is missing."""
    package = find_spec(_FONT_PACKAGE)
    folders = (package.submodule_search_locations if package else None) or []
    return [path for each in folders for path in Path(each).glob("files/*.ttf")]
