"""Reports of headings, paragraphs, tables and pictures, as Markdown, HTML or text.

A report is a list of blocks; the ending of the file determines the format. Equal blocks
give equal bytes.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from chorale.errors import UsageError
from chorale.utils.files import write_text
from chorale.utils.saving import drafts, save_exactly

ENDINGS = (".md", ".html")

_TEXT_WIDTH = 88

_STYLE = """
body { font: 16px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
table { border-collapse: collapse; margin: 1em 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #ccc; padding: 0.2em 0.8em; text-align: right; }
th:first-child, td:first-child { text-align: left; }
img { max-width: 100%; }
"""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title of the report."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of plain texts."""

    texts: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Cells of plain text; the first column has the labels of the rows."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """Bytes of a PNG file, and its caption."""

    caption: str
    png: bytes


Block = Heading | Paragraph | Items | Table | Picture


def check_report_path(path: Path | str) -> Path:
    """Check the ending of a report's path, and return the path.

    Raises:
        UsageError: the ending is not that of a format of reports.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(
            f"{path}: expected a report that ends in {' or '.join(ENDINGS)}, "
            f"got {path.suffix or 'no ending'}"
        )
    return path


def write_report(
    blocks: Sequence[Block], path: Path | str, *, overwrite: bool = True
) -> list[Path]:
    """Write a report.

    Args:
        blocks: in order.
        path: `.html` contains its pictures; those of `.md` are files beside it,
            `report-1.png` of `report.md`.
        overwrite: whether to replace files of the same names.

    Returns:
        The files that were written, the report first.

    Raises:
        UsageError: the ending is not that of a format of reports.
        OutputError: a file cannot be written, or there is one and it is not to be
            replaced.
    """
    path = check_report_path(path)
    with drafts(path.parent) as folder:
        files = _write(blocks, folder / path.name)
        paths = [path.with_name(file.name) for file in files]
        save_exactly(files, paths, overwrite=overwrite)
    return paths


def _write(blocks: Sequence[Block], path: Path) -> list[Path]:
    """Write a report and its pictures; return the files, the report first."""
    if path.suffix.lower() == ".html":
        write_text(path, _to_html(blocks))
        return [path]
    pictures = [block for block in blocks if isinstance(block, Picture)]
    files = [
        path.with_name(f"{path.stem}-{number}.png")
        for number in range(1, len(pictures) + 1)
    ]
    for picture, file in zip(pictures, files, strict=True):
        file.write_bytes(picture.png)
    write_text(path, _to_markdown(blocks, [file.name for file in files]))
    return [path, *files]


# === Text ===


def to_text(blocks: Sequence[Block]) -> str:
    """Return a report as text for a terminal, without pictures."""
    parts = []
    for block in blocks:
        match block:
            case Heading():
                parts.append(
                    block.text + "\n" + "=-"[block.level > 1] * len(block.text)
                )
            case Paragraph():
                parts.append(_wrapped(block.text))
            case Items():
                parts.append("\n".join(map(_text_item, block.texts)))
            case Table():
                parts.append(_text_table(block))
    return "\n\n".join(parts)


def _text_item(text: str) -> str:
    return _wrapped(text, "- ", "  ")


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    """Return text in lines with indents; names of files stay whole, to be copied."""
    return textwrap.fill(
        text,
        _TEXT_WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _text_table(table: Table) -> str:
    lines = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


# === Markdown ===


def _to_markdown(blocks: Sequence[Block], pictures: Sequence[str]) -> str:
    names = iter(pictures)
    parts = []
    for block in blocks:
        match block:
            case Heading():
                parts.append(f"{'#' * block.level} {_plain(block.text)}")
            case Paragraph():
                parts.append(_plain(block.text))
            case Items():
                parts.append("\n".join(f"- {_plain(text)}" for text in block.texts))
            case Picture():
                parts.append(f"![{_plain(block.caption)}](<{next(names)}>)")
            case Table():
                rules = "| --- |" + " ---: |" * (len(block.header) - 1)
                rows = [_markdown_row(row) for row in block.rows]
                parts.append("\n".join([_markdown_row(block.header), rules, *rows]))
    return "\n\n".join(parts) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_plain(cell) for cell in cells)} |"


def _plain(text: str) -> str:
    """Escape text for Markdown."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


# === HTML ===


def _to_html(blocks: Sequence[Block]) -> str:
    title = next((block.text for block in blocks if isinstance(block, Heading)), "")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "".join(_html_block(block) for block in blocks)
        + "</body>\n</html>\n"
    )


def _html_block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>\n"
        case Paragraph():
            return f"<p>{escape(block.text)}</p>\n"
        case Items():
            items = "".join(f"<li>{escape(text)}</li>\n" for text in block.texts)
            return f"<ul>\n{items}</ul>\n"
        case Picture():
            data = base64.b64encode(block.png).decode()
            caption = escape(block.caption)
            return (
                f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
                f"<figcaption>{caption}</figcaption></figure>\n"
            )
        case Table():
            lines = [_html_row(block.header, "th")]
            lines += [_html_row(row, "td") for row in block.rows]
            return f"<table>\n{''.join(lines)}</table>\n"


def _html_row(cells: Sequence[str], element: str) -> str:
    inside = "".join(f"<{element}>{escape(cell)}</{element}>" for cell in cells)
    return f"<tr>{inside}</tr>\n"
