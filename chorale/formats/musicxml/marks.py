"""Marks on a score: texts at notes, and notes in colour.

Texts are `words` of MusicXML, which every editor shows: MuseScore as staff text. They
stand before the note at which they are, so that readers take them for its own. While a
note is held they are reached by moving forward and back: older versions of MuseScore
ignore offsets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from chorale.formats.written_notes import WrittenNote

_SIZE = "8"  # points; less than lyrics have
_BASELINE = "-80"  # of texts below the staff, in tenths of its spaces from the top line


class Place(NamedTuple):
    """A voice, 0 soprano … 3 bass, and a step."""

    voice: int
    step: int


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A text on a score.

    Attributes:
        at: the voice at whose staff it stands, and the step.
        text: may have several lines.
        is_below: whether it stands under the staff instead of over it.
        color: such as `#B00020`; None for that of the notes.
        notes: notes that have the color too, by any step at which they sound.
    """

    at: Place
    text: str
    is_below: bool = False
    color: str | None = None
    notes: tuple[Place, ...] = ()


class Marks:
    """The marks of a score by place."""

    def __init__(self, marks: Iterable[Mark] = ()) -> None:
        self._texts: dict[Place, list[Mark]] = defaultdict(list)
        self._colors: dict[Place, str] = {}
        for mark in marks:
            self._texts[mark.at].append(mark)
            if mark.color is not None:
                self._colors |= dict.fromkeys(mark.notes, mark.color)

    def add_texts(self, measure: Element, voice: int, written: WrittenNote) -> None:
        """Write the texts at a note or rest of a voice; the note comes next."""
        for step in range(written.start, written.end):
            texts = self._texts.get(Place(voice, step), ())
            if texts and step > written.start:
                _move(measure, "forward", step - written.start)
            for mark in texts:
                _add_text(measure, mark)
            if texts and step > written.start:
                _move(measure, "backup", step - written.start)

    def color_of(self, voice: int, written: WrittenNote) -> str | None:
        """Return the color of a note of a voice; None for the usual one."""
        steps = range(written.start, written.end)
        colors = (self._colors.get(Place(voice, step)) for step in steps)
        return next(filter(None, colors), None)


def _move(measure: Element, direction: str, steps: int) -> None:
    """Go forward or back in a measure."""
    SubElement(SubElement(measure, direction), "duration").text = str(steps)


def _add_text(measure: Element, mark: Mark) -> None:
    side = "below" if mark.is_below else "above"
    direction = SubElement(measure, "direction", placement=side)
    style = {"font-style": "normal", "font-size": _SIZE}
    if mark.is_below:
        style["default-y"] = _BASELINE
    if mark.color is not None:
        style["color"] = mark.color
    words = SubElement(SubElement(direction, "direction-type"), "words", style)
    words.text = "\n".join(
        "".join(filter(str.isprintable, line)) for line in mark.text.splitlines()
    )
