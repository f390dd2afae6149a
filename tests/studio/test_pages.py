"""What the page says of formats is what the package reads and writes."""

from __future__ import annotations

import re
from importlib.resources import files

from chorale.formats.files import READABLE
from chorale.studio import pages
from chorale.studio.exports import MARKED, MEDIA_TYPES
from chorale.studio.pages import page_file


def test_no_two_files_have_the_same_name() -> None:
    names = [
        file.name
        for package, folder in pages._FOLDERS
        for file in files(package).joinpath(folder).iterdir()
    ]
    assert {"index.html", "player.js"} <= set(names)
    assert len(names) == len(set(names))


def text_of(name: str) -> str:
    return page_file(name)[0].decode()


def test_files_that_can_be_read_can_be_chosen() -> None:
    found = re.search(r'id="open-file"[^>]*accept="([^"]*)"', text_of("index.html"))
    assert found
    assert set(READABLE) <= set(found.group(1).split(","))


def test_all_formats_that_are_exported_can_be_saved() -> None:
    table = re.search(r"const FORMATS = \[(.*?)\];", text_of("files_out.js"), re.S)
    assert table
    saved = re.findall(r'\["(\w+)", "', table.group(1))
    assert sorted(saved) == sorted([*MEDIA_TYPES, MARKED])
