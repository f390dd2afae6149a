"""The text of a file in ABC notation: its encoding, its tunes, its lines.

A file holds tunes, each from its `X:` field to an empty line. All other text is prose,
apart from a file header, whose fields hold for all tunes.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import unescape
from itertools import pairwise

from chorale.errors import DataError

_FIELD = re.compile(r"(?![A-Ga-g]:[|:])[A-Za-z+]:")
_HEADER_FIELDS = frozenset("CILMQUm")
_COMMENT = re.compile(r"(?<!\\)%.*")
_BLOCK = re.compile(r"%%\s*begin(text|ps|js|svg|ml)", re.IGNORECASE)
# A field ends before the next bracket, so that a line of them is read only once.
_QUOTED = re.compile(r'"[^"]*"|![^!]*!|\[[A-Za-z]:[^\[\]]*\]')
_MUSIC = re.compile(r"[\sA-Ga-gxzXZ\d|:\[\](){}<>/^_=,'.~&HLMOPSTuv\\-]+")
_WORD = re.compile(r"[A-Za-z]{3,}")
_NOTE_WORD = re.compile(r"[A-Ga-gxzXZHLMOPSTuv]+")
_MARKUP = re.compile("&(?:[lg]t|amp|quot|nbsp);")  # of tunes copied from web pages
_LATIN = re.compile(r"abc-charset\s+(?:iso-?)?8859-?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line without its comment; `row` counts from 1 in the file."""

    row: int
    text: str

    @property
    def field(self) -> str:
        """The letter of an information field, `+` for a continued one, else empty."""
        return self.text[0] if _FIELD.match(self.text) else ""

    @property
    def value(self) -> str:
        """What stands after the letter and colon of a field."""
        return self.text[2:].strip()

    @property
    def directive(self) -> str:
        """The instruction in a line such as `%%score 1 2` or `I:score 1 2`, or ''."""
        if self.text.startswith("%%"):
            return self.text[2:].strip()
        return self.value if self.text.startswith("I:") else ""


@dataclass
class Tune:
    """The lines of a tune.

    Attributes:
        number: of its X: field; None without one.
        row: of its first line.
        header: the lines of the file header, which all tunes of a file share.
        lines: its own, without empty lines and comments.
        in_body: whether its header has ended, which its K: field does.
        has_music: whether one of its lines is music.
        passed: rows after which empty lines are ignored.
        lost: a sentence on music after the end of the tune; empty if there is none.
    """

    number: int | None
    row: int
    header: Sequence[TextLine] = ()
    lines: list[TextLine] = field(default_factory=list)
    in_body: bool = False
    has_music: bool = False
    passed: list[int] = field(default_factory=list)
    lost: str = ""

    @property
    def notes(self) -> list[str]:
        """Sentences on what is read differently from the standard."""
        passed = []
        if self.passed:
            rows = "row" if len(self.passed) == 1 else "rows"
            passed = [f"empty lines are ignored after {rows} {_listed(self.passed)}"]
        return [*passed, *([self.lost] if self.lost else [])]

    @property
    def title(self) -> str:
        """Its first title; empty without one."""
        titles = (unescape_text(line.value) for line in self.lines if line.field == "T")
        return next(titles, "")

    def add(self, lines: Sequence[TextLine]) -> None:
        """Add lines at the end."""
        self.lines += lines
        self.in_body |= any(line.field == "K" for line in lines)
        self.has_music |= any(map(is_music, lines))


def decode(raw: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 with a mark, else Latin-1.

    Raises:
        DataError: it is not text.
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError as error:
            raise DataError(f"expected text, got damaged UTF-16: {error}") from None
    if b"\0" in raw:
        raise DataError("expected ABC notation, which is text, got binary data")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    charset = _LATIN.search(text)
    if charset and 1 <= int(charset[1][:3]) <= 16 and charset[1] != "12":
        return raw.decode(f"iso8859-{int(charset[1])}", errors="replace")
    return text


def split_tunes(text: str) -> list[Tune]:
    """Return the tunes of a file, in order.

    A file without X: fields is searched for tunes that begin with another field.
    """
    blocks = [block for block in _blocks(text) if block]
    numbered = any(line.field == "X" for block in blocks for line in block)
    begins = "X" if numbered else "K"
    header: list[TextLine] = []
    if blocks and all(
        line.field not in ("", begins) or line.directive for line in blocks[0]
    ):
        header = [
            line
            for line in blocks.pop(0)
            if line.directive or line.field in _HEADER_FIELDS
        ]
    tunes: list[Tune] = []
    for block in blocks:
        _add_block(tunes, block, header, numbered)
    return tunes


def _blocks(text: str) -> list[list[TextLine]]:
    """Return the lines between empty lines, without comments and text for print."""
    blocks: list[list[TextLine]] = [[]]
    closing = ""
    for row, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        stripped = line.strip()
        if closing:
            closing = "" if stripped.lower().startswith(closing) else closing
        elif not stripped:
            blocks.append([])
        elif block := _BLOCK.match(stripped):
            closing = f"%%end{block[1].lower()}"
        elif stripped.startswith("%%"):
            blocks[-1].append(TextLine(row, stripped))
        elif kept := _COMMENT.sub("", stripped).strip():
            kept = _MARKUP.sub(lambda match: unescape(match[0]), kept)
            blocks[-1].append(TextLine(row, kept))
    return blocks


def _add_block(
    tunes: list[Tune],
    block: list[TextLine],
    header: list[TextLine],
    numbered: bool,
) -> None:
    """Add the lines of a block to new tunes, or to the last one that is unfinished."""
    begins = [index for index, line in enumerate(block) if line.field == "X"]
    if not numbered and any(line.field == "K" for line in block):
        begins = [0]
    if not begins and tunes:
        _add_rest(tunes[-1], block)
    elif begins and begins[0] and tunes:
        _add_rest(tunes[-1], block[: begins[0]])
    for begin, end in pairwise([*begins, len(block)]):
        lines = block[begin:end]
        number = re.match(r"\d{1,9}", lines[0].value) if numbered else None
        tune = Tune(int(number[0]) if number else None, lines[0].row, header)
        tune.add(lines)
        tunes.append(tune)


def _add_rest(tune: Tune, block: list[TextLine]) -> None:
    """Add what follows an empty line to an unfinished tune, else say what is lost.

    A tune is unfinished if it has no music yet, or if voices follow.
    """
    last = tune.lines[-1].row
    if tune.in_body:
        continues = is_music(block[0]) and not tune.has_music
        continues |= block[0].field == "V" or block[0].text.startswith("[V:")
    else:
        continues = bool(block[0].field)
    if continues:
        tune.add(block)
        tune.passed.append(last)
    elif any(map(is_music, block)) and not tune.lost:
        row = next(line.row for line in block if is_music(line))
        tune.lost = (
            f"row {row} looks like music, but the empty line after row {last} ends "
            "the tune: it is left out"
        )


def is_music(line: TextLine) -> bool:
    """Return whether a line holds nothing but music, with at least one barline."""
    text = _QUOTED.sub(" ", line.text)
    return (
        not line.field
        and "|" in text
        and any(letter in text for letter in "ABCDEFGabcdefg")
    ) and _MUSIC.fullmatch(text) is not None


def is_prose(text: str) -> bool:
    """Return whether a line without barlines has two words that are no notes."""
    text = _QUOTED.sub(" ", text)
    words = [word for word in _WORD.findall(text) if not _NOTE_WORD.fullmatch(word)]
    return "|" not in text and len(words) >= 2


def select_tune(tunes: Sequence[Tune], number: int | None) -> Tune:
    """Return the tune of a number, or the only one if the number is None.

    Raises:
        DataError: there is no such tune, or more than one.
    """
    if not tunes:
        raise DataError("expected a tune in ABC notation, got no X: and no K: field")
    if number is None and len(tunes) == 1:
        return tunes[0]
    if number is None:
        raise DataError(
            f"expected one piece, got a book of {len(tunes)}: name one by its number, "
            f"as with --tune{_contents(tunes)}{_ambiguous(tunes)}"
        )
    named = [tune for tune in tunes if tune.number == number]
    if not named:
        raise DataError(f"expected a tune {number}, got {_numbers(tunes)}")
    if len(named) > 1:
        raise DataError(
            f"expected one tune {number}, got {len(named)}, in rows "
            f"{_listed(tune.row for tune in named)}: "
            "give them distinct numbers in their X: fields"
        )
    return named[0]


def _contents(tunes: Iterable[Tune]) -> str:
    """Return a clause with the numbers and titles of tunes."""
    named = [
        f'{tune.number} "{tune.title[:40]}"' if tune.title else tune.number
        for tune in tunes
        if tune.number is not None
    ]
    return f" (tunes {_listed(named)})" if named else ""


def _ambiguous(tunes: Iterable[Tune]) -> str:
    """Return a clause on numbers that stand twice; empty if there are none."""
    counts = Counter(tune.number for tune in tunes)
    twice = [number for number, count in counts.items() if count > 1]
    if not twice:
        return ""
    number = "no number" if twice[0] is None else f"number {twice[0]}"
    return (
        f"; {counts[twice[0]]} tunes have {number}: to read one of them, "
        "give them distinct numbers in their X: fields"
    )


def _numbers(tunes: Iterable[Tune]) -> str:
    numbers = [tune.number for tune in tunes if tune.number is not None]
    return f"tunes {_listed(numbers)}" if numbers else "tunes without numbers"


def _listed(things: Iterable[int | str]) -> str:
    """Return numbers or names with commas; of many, the first and how many."""
    listed = list(things)
    text = ", ".join(map(str, listed[:8]))
    return f"{text}, … ({len(listed)} in all)" if len(listed) > 8 else text


# Accents after a backslash, as combining characters.
_ACCENTS = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    '"': "\u0308",
    "u": "\u0306",
    "v": "\u030c",
    "c": "\u0327",
    "r": "\u030a",
    ",": "\u0327",
}
_LIGATURES = {
    "ss": "ß", "AE": "Æ", "ae": "æ", "OE": "Œ", "oe": "œ", "/O": "Ø", "/o": "ø",
    "aa": "å", "AA": "Å",
}  # fmt: skip
_ESCAPE = re.compile(
    r"\\(?:u(?P<hex>[\da-fA-F]{4})|(?P<ligature>ss|AE|ae|OE|oe|/O|/o|aa|AA)"
    r"|(?P<accent>[`'^~\"uvcr,])(?P<letter>[A-Za-z])|(?P<literal>[\\%&]))"
)


def unescape_text(text: str) -> str:
    """Return text in which `\\'e`, `&eacute;` and `\\u00e9` are accented letters."""

    def replaced(match: re.Match[str]) -> str:
        if match["hex"]:
            return chr(int(match["hex"], 16))
        if match["ligature"]:
            return _LIGATURES[match["ligature"]]
        if match["accent"]:
            return unicodedata.normalize(
                "NFC", match["letter"] + _ACCENTS[match["accent"]]
            )
        return match["literal"]

    clean = " ".join(unescape(_ESCAPE.sub(replaced, text)).split())
    return "".join(char for char in clean if char.isprintable())
