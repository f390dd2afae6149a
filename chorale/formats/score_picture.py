"""Scores as pictures: two staves drawn on matplotlib axes, without an engraver.

Spacing is proportional to time, so that chords of equal length are equally wide. The
writing is reduced to what a chorale needs: noteheads, stems, beams, dots, ties,
accidentals, fermatas. Rests and words are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chorale.music.keys import Key, estimate_key
from chorale.music.score import Chorale
from chorale.music.spelling import LETTERS, Spelling, spell_in_context
from chorale.music.voices import VOICES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# All lengths are in half staff spaces, the distance of two neighbouring letters.
_STEP_WIDTH = 2.4  # of a sixteenth
_HEAD_WIDTH, _HEAD_HEIGHT = 2.6, 1.9
_STEM = 6.5
_UPPER_SHIFT = 12  # of the treble staff, so that there is room between the staves
_UPPER_LINES, _LOWER_LINES = range(30, 40, 2), range(18, 28, 2)  # E4 … F5, G2 … A3
_HEADING = 8.0  # width of the clef
_SIGN_WIDTH = 1.9  # of a sharp or flat in the key signature
_BEFORE_BAR = 2.6  # from the barline to the first note

_VALUES = (16, 12, 8, 6, 4, 3, 2, 1)  # sixteenths that one notehead can last
_DOTTED = (3, 6, 12)
_SIGNS = {-2: "♭♭", -1: "♭", 0: "♮", 1: "♯", 2: "♯♯"}
_SHARPS = (38, 35, 39, 36, 33, 37, 34)  # of the key signature, treble staff
_FLATS = (34, 37, 33, 36, 32, 35, 31)
_OCTAVES_DOWN = 14  # to the same signs in the bass staff

# Cubic curves of the clefs around the line that they name.
_TREBLE = (
    (0.2, -0.9),
    *((-0.9, -0.9), (-1.0, 0.8), (0.3, 0.9)),
    *((1.9, 0.9), (1.9, -2.0), (0.2, -2.0)),
    *((-2.2, -2.0), (-2.4, 1.2), (-0.6, 2.9)),
    *((0.6, 4.1), (1.6, 5.4), (1.0, 7.2)),
    *((0.6, 8.3), (-0.3, 7.4), (-0.3, 6.0)),
    *((-0.3, 4.5), (0.6, -1.0), (0.9, -3.6)),
    *((1.0, -4.9), (-0.9, -5.2), (-0.9, -3.9)),
)
_BASS = (
    (-1.4, 0.0),
    *((-1.4, 2.4), (1.8, 2.6), (1.8, 0.0)),
    *((1.8, -2.4), (0.2, -4.0), (-1.6, -5.0)),
)


class WrittenNote(NamedTuple):
    """A notehead.

    Attributes:
        voice: 0 to 3.
        step: at which it stands.
        length: in sixteenths, one of those that a notehead with or without a dot lasts.
        number: diatonic number, see `chorale.music.spelling`.
        sign: the accidental before it, or nothing.
        tied: whether a tie leads to the next notehead of the voice.
    """

    voice: int
    step: int
    length: int
    number: int
    sign: str
    tied: bool

    @property
    def height(self) -> int:
        """Its height in the picture, 18 being the lowest line."""
        return self.number + (_UPPER_SHIFT if self.voice < VOICES // 2 else 0)

    @property
    def x(self) -> float:
        return self.step * _STEP_WIDTH


def written_notes(chorale: Chorale) -> list[WrittenNote]:
    """Return the noteheads of a chorale, by staff and step.

    Notes are split at barlines. An accidental is valid for its bar and staff; an
    unknown key is estimated.
    """
    key = chorale.key or estimate_key(chorale.pitches)
    numbers = spell_in_context(chorale.pitches, chorale.onsets, key)
    pieces = sorted(
        (voice // 2, start, voice, length, pitch, first, last)
        for voice in range(VOICES)
        for start, length, pitch, first, last in _split(chorale, voice)
    )
    written = []
    in_force: dict[int, int] = {}
    place = (-1, -1)  # staff and bar
    for staff, start, voice, length, pitch, first, last in pieces:
        bar = int(chorale.bars[start])
        if (staff, bar) != place:
            place, in_force = (staff, bar), {}
        number = int(numbers[start, voice])
        alter = Spelling.of(pitch, number).alter
        sign = ""
        if alter != in_force.get(number, _signature(key, number)) and first:
            sign = _SIGNS.get(alter, "?")
            in_force[number] = alter
        written.append(WrittenNote(voice, start, length, number, sign, not last))
    return written


def draw_score(axes: Axes, chorale: Chorale, start: int = 0) -> None:
    """Draw a chorale, or an excerpt, as one system on matplotlib axes.

    Args:
        axes: without a limit of its own; its frame and ticks are removed.
        chorale: see `Chorale.excerpt` for some bars of a longer piece.
        start: if not 0, a dashed line stands before this step.
    """
    key = chorale.key or estimate_key(chorale.pitches)
    left = -_HEADING - abs(key.fifths) * _SIGN_WIDTH - _BEFORE_BAR
    right = chorale.steps * _STEP_WIDTH
    pen = _Pen(axes)
    for lines, shift in ((_UPPER_LINES, _UPPER_SHIFT), (_LOWER_LINES, 0)):
        for line in lines:
            pen.line((left, right), (line + shift,) * 2, width=0.6)
    bottom, top = _LOWER_LINES[0], _UPPER_LINES[-1] + _UPPER_SHIFT
    pen.line((left, left), (bottom, top))
    for bar in chorale.written_bars():
        x = bar.start * _STEP_WIDTH - _BEFORE_BAR
        if bar.start:
            pen.line((x, x), (bottom, top))
        pen.text(x + 0.4, top + 1.2, str(bar.number), size=2.2, color="gray")
    pen.line((right - 0.3,) * 2, (bottom, top))
    pen.heading(left, key)
    notes = written_notes(chorale)
    for note in notes:
        pen.note(note, shifted=_collides(note, notes))
    for group in beamed_groups(notes, chorale):
        pen.stems(group)
    for voice in range(VOICES):
        line_of = [note for note in notes if note.voice == voice]
        for note, following in pairwise(line_of):
            if note.tied:
                pen.tie(note, following)
    highest = max([top, *(note.height + 7 for note in notes if note.voice == 0)]) + 1.5
    for first, _ in chorale.fermata_spans():
        pen.fermata(first * _STEP_WIDTH, highest)
    if start:
        x = start * _STEP_WIDTH - _BEFORE_BAR
        pen.line((x, x), (bottom - 3, top + 3), linestyle="--")
    axes.set_aspect("equal")
    axes.set_xlim(left - 1, right + 1)
    lowest = min([bottom, *(note.height - 7 for note in notes)])
    axes.set_ylim(lowest - 1, highest + 4)
    axes.axis("off")


def beamed_groups(
    notes: Iterable[WrittenNote], chorale: Chorale
) -> list[list[WrittenNote]]:
    """Return the notes that share a beam, or stand alone, without whole notes.

    Notes shorter than a quarter of one voice and one beat share a beam.
    """

    def beat(note: WrittenNote) -> tuple[int, int, int, int]:
        position = int(chorale.positions[note.step])
        length = chorale.metre_at(note.step).beat_length
        own = note.step if note.length >= 4 else -1  # a quarter or more: no beam
        return note.voice, int(chorale.bars[note.step]), position // length, own

    stemmed = [note for note in notes if note.length < _VALUES[0]]
    stemmed.sort(key=lambda note: (note.voice, note.step))
    return [list(group) for _, group in groupby(stemmed, key=beat)]


def _split(chorale: Chorale, voice: int) -> Iterable[tuple[int, int, int, bool, bool]]:
    """Yield start, length, pitch, whether it is a note's first and its last piece."""
    bars = chorale.written_bars()
    for note in chorale.notes(voice):
        pieces = []
        for bar in bars:
            start = max(note.start, bar.start)
            end = min(note.end, bar.start + bar.length)
            while start < end:
                length = next(value for value in _VALUES if value <= end - start)
                pieces.append((start, length))
                start += length
        for index, (start, length) in enumerate(pieces):
            yield start, length, note.pitch, index == 0, index == len(pieces) - 1


def _signature(key: Key, number: int) -> int:
    """Return the alteration of a letter in the key signature."""
    signs = _SHARPS[: key.fifths] if key.fifths > 0 else _FLATS[: -key.fifths]
    letters = {sign % len(LETTERS) for sign in signs}
    sign = 1 if key.fifths > 0 else -1
    return sign if number % len(LETTERS) in letters else 0


def _collides(note: WrittenNote, notes: Sequence[WrittenNote]) -> bool:
    """Return whether the lower voice of a staff is a second below the upper one."""
    return note.voice % 2 == 1 and any(
        upper.voice == note.voice - 1
        and upper.step == note.step
        and abs(upper.number - note.number) == 1
        for upper in notes
    )


def _stem_side(voice: int) -> int:
    """Return 1 for the upper voice of a staff, whose stems point up, or -1."""
    return 1 if voice % 2 == 0 else -1


class _Pen:
    """Draws on axes."""

    def __init__(self, axes: Axes) -> None:
        self._axes = axes
        self._shifted: set[WrittenNote] = set()

    def line(self, xs: Any, ys: Any, width: float = 0.9, **style: Any) -> None:
        style = {"color": "black", "solid_capstyle": "butt", **style}
        self._axes.plot(xs, ys, linewidth=width, **style)

    def text(self, x: float, y: float, text: str, size: float, **style: Any) -> None:
        """Write text whose size is in half staff spaces."""
        from matplotlib.patches import PathPatch
        from matplotlib.textpath import TextPath

        path = TextPath((x, y), text, size=size)
        self._axes.add_patch(
            PathPatch(path, linewidth=0, **{"color": "black", **style})
        )

    def curve(self, points: Sequence[tuple[float, float]], width: float) -> None:
        """Draw cubic curves through every third point."""
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        codes = [Path.MOVETO] + [Path.CURVE4] * (len(points) - 1)
        patch = PathPatch(Path(list(points), codes), fill=False, linewidth=width)
        self._axes.add_patch(patch)

    def dot(self, x: float, y: float, radius: float = 0.4) -> None:
        from matplotlib.patches import Circle

        self._axes.add_patch(Circle((x, y), radius, color="black", linewidth=0))

    def heading(self, left: float, key: Key) -> None:
        """Draw the clefs and the key signature."""
        treble, bass = 32 + _UPPER_SHIFT, 24
        self.curve([(left + 3.4 + x, treble + y) for x, y in _TREBLE], 1.5)
        self.dot(left + 2.9, treble - 3.9, 0.6)
        self.curve([(left + 3.4 + x, bass + y) for x, y in _BASS], 1.5)
        self.dot(left + 2.2, bass, 0.6)
        for y in (bass + 1, bass - 1):
            self.dot(left + 6.1, y)
        signs = _SHARPS[: key.fifths] if key.fifths > 0 else _FLATS[: -key.fifths]
        for index, number in enumerate(signs):
            x = left + _HEADING + index * _SIGN_WIDTH - 0.6
            sign = "♯" if key.fifths > 0 else "♭"
            self.sign(x, number + _UPPER_SHIFT, sign)
            self.sign(x, number - _OCTAVES_DOWN, sign)

    def sign(self, x: float, y: float, sign: str) -> None:
        self.text(x, y - (1.0 if "♭" in sign else 1.6), sign, size=4.6)

    def note(self, note: WrittenNote, shifted: bool) -> None:
        """Draw head, dot, ledger lines and accidental."""
        from matplotlib.patches import Ellipse

        if shifted:
            self._shifted.add(note)
        x, y = self._x(note), note.height
        hollow = note.length >= 8
        head = Ellipse(
            (x, y),
            _HEAD_WIDTH,
            _HEAD_HEIGHT,
            angle=20,
            facecolor="white" if hollow else "black",
            edgecolor="black",
            linewidth=1.2 if hollow else 0.5,
            zorder=3,
            gid="head",
        )
        self._axes.add_patch(head)
        if note.length in _DOTTED:
            self.dot(x + 2.2, y + (0.9 if y % 2 == 0 else 0))
        if note.sign:
            self.sign(x - 3.3 - 1.4 * (len(note.sign) - 1), y, note.sign)
        upper = note.voice < VOICES // 2
        lines = _UPPER_LINES if upper else _LOWER_LINES
        shift = _UPPER_SHIFT if upper else 0
        ledgers = [*range(lines[0] - 2, note.number - 1, -2)]
        ledgers += range(lines[-1] + 2, note.number + 1, 2)
        for ledger in ledgers:
            self.line((x - 2, x + 2), (ledger + shift,) * 2, width=0.6)

    def stems(self, group: Sequence[WrittenNote]) -> None:
        """Draw the stems of a group, and its beams or the flags of a single note."""
        side = _stem_side(group[0].voice)
        end = max(side * note.height for note in group) * side + side * _STEM
        xs = [self._x(note) + side * 1.2 for note in group]
        for note, x in zip(group, xs, strict=True):
            self.line((x, x), (note.height, end))
        for level, longest in enumerate((3, 1)):  # eighths have one, sixteenths two
            y = end - side * 1.5 * level
            if len(group) == 1 and group[0].length <= longest:
                self.line((xs[0], xs[0] + 1.9), (y, y - side * 2.6), width=1.6)
            for note, x, following in zip(group, xs, xs[1:], strict=False):
                if note.length <= longest and level == 0:
                    self.line((x, following), (y, y), width=2.6)
            if level and len(group) > 1:
                for index, (note, x) in enumerate(zip(group, xs, strict=True)):
                    if note.length == 1:
                        toward = -1.6 if index else 1.6
                        self.line((x, x + toward), (y, y), width=2.6)

    def tie(self, note: WrittenNote, following: WrittenNote) -> None:
        side = _stem_side(note.voice)
        x, end = self._x(note) + 0.8, self._x(following) - 0.8
        y, middle = note.height + side * 1.2, note.height + side * 2.6
        third = (end - x) / 3
        points = [(x, y), (x + third, middle), (end - third, middle), (end, y)]
        self.curve(points, 1.0)

    def fermata(self, x: float, y: float) -> None:
        angles = np.linspace(0, np.pi, 20)
        self.line(x + 2.2 * np.cos(angles), y + 2 * np.sin(angles), width=1.2)
        self.dot(x, y + 0.4)

    def _x(self, note: WrittenNote) -> float:
        return note.x + (_HEAD_WIDTH if note in self._shifted else 0)
