"""Accidentals in ABC notation: what each sign means, and how long it holds.

A sign holds to the barline, in its octave only, unless the tune says otherwise in a
field such as `I:propagate-accidentals pitch`. Programs disagree where the standard is
silent, as on lines of music without barlines; what was decided is said.
"""

from __future__ import annotations

from chorale.music.spelling import LETTERS

ALTERS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}  # semitones of the signs
# How long accidentals hold, by the value of the field: `not` is for their note alone,
# `pitch` for all octaves to the barline. Other values are the usual rule.
SCOPES = {"n": "not", "p": "pitch"}
OCTAVE = "octave"


class Accidentals:
    """The accidentals of a voice, or of an overlay of it, since the last barline.

    Notes are given by diatonic numbers, see `chorale.music.spelling`.
    """

    def __init__(self) -> None:
        self._alters: dict[int, int] = {}  # by diatonic number
        self._letters: dict[int, int] = {}  # the last accidental of each letter
        self._rows: dict[int, int] = {}  # where each accidental stands

    def add(self, number: int, alter: int, row: int) -> None:
        """Let the accidental of a note hold; `row` is that of the file."""
        self._alters[number] = self._letters[number % len(LETTERS)] = alter
        self._rows[number] = row

    def in_force(
        self, number: int, usual: int, row: int, scope: str
    ) -> tuple[int, str]:
        """Return the accidental of a note without a sign, and what is doubtful of it.

        Args:
            number: the diatonic number.
            usual: the semitones of the key signature.
            row: of the note in the file.
            scope: `octave`, `pitch` or `not`, see SCOPES.
        """
        if scope == "not":
            return usual, ""
        alter = self._letters.get(number % len(LETTERS), usual)
        if scope != OCTAVE:
            return alter, ""
        if number in self._alters:
            alter = self._alters[number]
            if alter == usual or self._rows[number] == row:
                return alter, ""
            return alter, (
                "an accidental holds in the next line, as no barline is between"
            )
        if alter == usual:
            return usual, ""
        return usual, "an accidental in another octave of the bar is taken not to hold"
