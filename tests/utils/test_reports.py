from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from chorale.errors import OutputError, UsageError
from chorale.utils.reports import (
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    to_text,
    write_report,
)

PNG = b"\x89PNG\r\n\x1a\n and the rest"
BLOCKS = [
    Heading("Is it <Bach>?", level=1),
    Paragraph("Fish & chips, 3 < 4."),
    Items(("one & two", "three_")),
    Table(("feature", "samples", "Bach"), (("fifths | octaves", "1.5", "0.9"),)),
    Picture("How far", PNG),
    Heading("More"),
    Picture("How near", PNG + b"!"),
]


class Reader(HTMLParser):
    """Keeps the text of every element and the sources of pictures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.sources += [value or "" for name, value in attrs if name == "src"]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] != "style":
            self.texts.append((self.open[-1], data))


def assert_says_it_all(html: str) -> Reader:
    reader = Reader(html)
    for expected in [
        ("h1", "Is it <Bach>?"),
        ("p", "Fish & chips, 3 < 4."),
        ("li", "one & two"),
        ("th", "samples"),
        ("td", "fifths | octaves"),
        ("td", "0.9"),
        ("h2", "More"),
    ]:
        assert expected in reader.texts
    return reader


def test_html_holds_everything_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert write_report(BLOCKS, path) == [path]
    reader = assert_says_it_all(path.read_text(encoding="utf-8"))
    assert ("title", "Is it <Bach>?") in reader.texts
    assert ("figcaption", "How far") in reader.texts
    encoded = [
        source.removeprefix("data:image/png;base64,") for source in reader.sources
    ]
    assert [base64.b64decode(data) for data in encoded] == [PNG, PNG + b"!"]


def test_markdown_has_its_pictures_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "my report.md"
    files = write_report(BLOCKS, path)
    assert files[0] == path and [file.read_bytes() for file in files[1:]] == [
        PNG,
        PNG + b"!",
    ]
    markdown = MarkdownIt("commonmark").enable("table")
    reader = assert_says_it_all(markdown.render(path.read_text(encoding="utf-8")))
    assert reader.sources == ["my%20report-1.png", "my%20report-2.png"]
    assert sorted(tmp_path.iterdir()) == sorted(files)


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.md.txt"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends in \.md or \.html, got"):
        write_report(BLOCKS, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write it"):
        write_report(BLOCKS, tmp_path / "file" / "report.html")


def test_names_of_files_are_whole_in_text() -> None:
    names = [f"my-chorales/chorale-seed{number}-1.musicxml" for number in range(20)]
    for block in (Paragraph("; ".join(names)), Items(("; ".join(names),))):
        text = to_text([block])
        assert all(name in text for name in names)
        assert text.count("\n") > 5
