"""SVG and PNG files of scores."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from pathlib import Path
from xml.etree.ElementTree import parse

import numpy as np
import pytest
from PIL import Image
from strategies import little_chorale

from chorale.errors import DataError, MissingExtraError, OutputError
from chorale.formats.engraving import EngravingOptions, engrave, picture_files
from chorale.formats.engraving.picture_files import png_of
from chorale.formats.files import read, write


def pixels(data: bytes) -> np.ndarray:
    """Return a picture as an array (height, width), 0 = black, 255 = white."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("L"))


def test_svg_files_have_title_and_white_paper(tmp_path: Path) -> None:
    write(little_chorale(title="Wach <auf>"), tmp_path / "a.svg")
    root = parse(tmp_path / "a.svg").getroot()
    texts = ["".join(each.itertext()).strip() for each in root.iter()]
    assert texts.count("Wach <auf>") >= 2
    papers = [each for each in root.iter() if each.get("fill") == "white"]
    assert [paper.get("width") for paper in papers] == ["100%"]


def test_png_files_are_pictures_on_white_paper(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.png")
    image = pixels((tmp_path / "a.png").read_bytes())
    assert image.shape[1] == 2200
    assert (image[[0, -1]] == 255).all()
    assert 0.01 < (image < 128).mean() < 0.3
    # The lines of the staves go from the left to the right.
    assert ((image < 128).mean(axis=1) > 0.5).sum() >= 10


@pytest.mark.skipif(not find_spec("font_caladea"), reason="the font is not installed")
def test_words_appear_without_fonts_of_the_system() -> None:
    options = EngravingOptions(background="white")
    dark = [
        (pixels(png_of(picture, system_fonts=False)) < 128).sum()
        for text in ("\u00a0", "VVVV")
        for picture in engrave(little_chorale(), options, [(0, text)])
    ]
    assert dark[1] > dark[0] + 200


def test_pieces_too_long_for_a_png_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_files, "_MOST_PIXELS", 400)
    write(little_chorale(), tmp_path / "a.svg")
    with pytest.raises(DataError, match=r"at most 200 pixels .* write it as svg"):
        write(little_chorale(), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()


def test_pictures_are_not_read(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "a.svg")
    with pytest.raises(Exception, match="pictures of notes are not read"):
        read(tmp_path / "a.svg")


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_file_in_place_of_the_folder_is_an_error(tmp_path: Path, ending: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write(little_chorale(), tmp_path / f"file/a.{ending}")


def test_without_resvg_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"\[score\]"):
        write(little_chorale(), tmp_path / "a.png")
