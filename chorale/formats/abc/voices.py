"""One voice of a tune in ABC notation: from tokens to bars of notes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from chorale.errors import DataError
from chorale.formats.abc.accidentals import OCTAVE, Accidentals
from chorale.formats.abc.events import (
    AbcBar,
    BarCounter,
    Event,
    Layer,
    Pitch,
    Tuplet,
    length_of,
    natural_pitch,
)
from chorale.formats.abc.fields import AbcKey, AbcMetre, VoiceProperties, transposition
from chorale.formats.abc.remarks import Remarks, Spot
from chorale.formats.abc.tokens import NoteToken
from chorale.formats.limits import MOST_BARS
from chorale.music.keys import KeySignature
from chorale.music.metre import COMMON_TIME, STEPS_PER_WHOLE
from chorale.music.spelling import LETTERS
from chorale.music.voices import HIGHEST_PITCH

_LONGEST = 4096  # steps of a note: 256 whole notes
_FINEST = 1 << 16  # the largest denominator of a length in steps


class VoiceReader:
    """Collects the bars of one voice.

    Attributes:
        name: the id in V: fields.
        properties: clef, names and transposition.
        bars: those that are complete.
        accidental_scope: how long accidentals hold, see `accidentals.SCOPES`.
    """

    def __init__(self, name: str, remarks: Remarks) -> None:
        self.name = name
        self.properties = VoiceProperties()
        self.bars: list[AbcBar] = []
        self.accidental_scope = OCTAVE
        self.metre = AbcMetre()
        self.unit = Fraction(1, 8)
        self.line: list[Event] = []  # of the last line of music, for its lyrics
        self.row = 0
        self._remarks = remarks
        self._lengths: dict[tuple[int, int, Fraction], Fraction] = {}
        self._key = AbcKey()
        self._layers = [Layer()]
        self._overlay_ties: list[dict[int, int]] = []
        self._fermata = False
        self._next = AbcBar(begins_section=True)
        self._later = AbcBar()  # what begins after the bar that has notes already
        self._endings: frozenset[int] = frozenset()
        self._before_endings: dict[int, int] = {}
        self._counter = BarCounter()

    @property
    def place(self) -> str:
        """Where the reader is, for errors. A bar that is short counts as one."""
        length = length_of(self._layers[-1].events)
        number = self._counter.number_of(length, self.metre.metre)
        return f"bar {number} of voice {self.name}" if self._voice else f"bar {number}"

    @property
    def spot(self) -> Spot:
        """Where the reader is, for remarks."""
        return Spot(len(self.bars), self._voice)

    @property
    def _voice(self) -> str:
        return "" if self.name == "1" else self.name

    @property
    def transposition(self) -> tuple[int, int]:
        """By how many semitones and letters it sounds higher than written."""
        semitones = self.properties.semitones
        _, letters = transposition(semitones, self._key.fifths or 0)
        return semitones, letters

    # === Fields ===

    @property
    def _coming(self) -> AbcBar:
        """The bar that begins with what is read now."""
        return (
            self._later if any(layer.events for layer in self._layers) else self._next
        )

    def set_key(self, key: AbcKey) -> None:
        """Begin a key. In the middle of a bar, it is marked at the next bar."""
        self._key = key
        fifths, _ = transposition(self.properties.semitones, key.fifths or 0)
        self._coming.key = key.signature(fifths)
        if key.fifths is None and self.bars:
            self._coming.key = KeySignature(fifths=0)
        if key.unusual:
            self._remarks.add("a key signature that no key has is named by the nearest")

    def update_key(self) -> None:
        """Mark the key of the coming bar again, as the transposition has changed."""
        if self._coming.key is not None:
            self.set_key(self._key)

    def set_metre(self, metre: AbcMetre) -> None:
        """Begin a time signature."""
        self.metre = metre
        self._coming.metre = metre.metre

    def set_tempo(self, tempo: float) -> None:
        """Begin a tempo, in quarters per minute."""
        self._coming.tempo = tempo

    # === Notes ===

    def add(self, notes: Sequence[tuple[NoteToken, bool]], length: Fraction) -> Event:
        """Add a note or chord, or a rest if there are no notes.

        Args:
            notes: each with whether a tie to the next note begins.
            length: as a multiple of the unit note length.

        Raises:
            DataError: a length or a pitch is out of range.
        """
        layer = self._layers[-1]
        written = self._steps(length)
        event = Event([], written, written, len(self.bars), self._fermata)
        self._fermata = False
        if layer.stretch(event):
            self._remarks.add(
                "> or < stands between notes of different lengths", self.spot
            )
        parts = event.length.denominator
        if event.length.numerator > _LONGEST * parts or parts > _FINEST:
            raise DataError(f"expected a note of usual length in {self.place}")
        tied: dict[int, int] = {}
        for token, ties in notes:
            pitch = self._pitch(token, layer)
            pitch.ties = ties
            event.pitches.append(pitch)
            if ties:
                tied[pitch.number] = pitch.pitch
        if sum(pitch.tied for pitch in event.pitches) < len(layer.tied):
            self._remarks.add("a tie leads to no note of its pitch", self.spot)
        layer.tied = tied
        layer.events.append(event)
        if len(self._layers) == 1 and event.pitches:
            self.line.append(event)
        return event

    def _steps(self, length: Fraction) -> Fraction:
        """Return a multiple of the unit note length in steps."""
        key = (length.numerator, length.denominator, self.unit)
        steps = self._lengths.get(key)
        if steps is None:
            steps = self._lengths[key] = length * self.unit * STEPS_PER_WHOLE
        return steps

    def _pitch(self, token: NoteToken, layer: Layer) -> Pitch:
        """Return the pitch of a note after key, accidentals, ties and transposition."""
        octaves = self.properties.octave + self.properties.clef_octave
        number = token.number + 7 * octaves
        natural = natural_pitch(number)
        semitones, letters = self.transposition if self.properties.semitones else (0, 0)
        before = layer.tied.get(number + letters)
        if before is not None and token.alter is None:
            # A tie over the barline takes its accidental along.
            alter = before - natural - semitones
        else:
            alter = self._alter(token, number, layer)
        pitch = natural + alter + semitones
        if not 0 < pitch <= HIGHEST_PITCH:
            raise DataError(
                f"expected a MIDI note of 1 to 127, got {pitch} in {self.place}"
            )
        return Pitch(pitch, number + letters, tied=before == pitch)

    def _alter(self, token: NoteToken, number: int, layer: Layer) -> int:
        """Return the semitones of the accidental of a note, written or in force."""
        usual = self._key.alters.get(LETTERS[number % len(LETTERS)], 0)
        if token.alter is not None:
            layer.accidentals.add(number, token.alter, self.row)
            return token.alter
        alter, doubt = layer.accidentals.in_force(
            number, usual, self.row, self.accidental_scope
        )
        if doubt:
            self._remarks.add(doubt, self.spot)
        return alter

    def add_grace_accidental(self, token: NoteToken) -> None:
        """Let the accidental of a grace note hold to the barline."""
        octaves = self.properties.octave + self.properties.clef_octave
        if token.alter is not None:
            self._alter(token, token.number + 7 * octaves, self._layers[-1])

    def add_bar_rest(self, count: int) -> None:
        """Add rests of whole bars, of which the last is not closed.

        Raises:
            DataError: there are notes in the bar, or too many bars.
        """
        if not 1 <= count <= MOST_BARS:
            raise DataError(f"expected Z of 1 to {MOST_BARS} bars in {self.place}")
        if any(layer.events for layer in self._layers):
            raise DataError(f"expected Z, a rest of a bar, alone in {self.place}")
        metre = self.metre.metre or COMMON_TIME
        length = Fraction(metre.bar_length)
        for bar in range(count):
            if bar:
                self.close_bar()
            rest = Event([], length, length, len(self.bars), self._fermata)
            self._layers[-1].events.append(rest)
            self._fermata = False
        self._layers[-1].tied.clear()

    # === What stands between notes ===

    def tie(self) -> None:
        """Tie the last note or chord to the next."""
        if not self._layers[-1].tie_last():
            self._remarks.add("a tie after no note is left out", self.spot)

    def break_rhythm(self, marks: str) -> None:
        """Lengthen the last note and shorten the next, or the reverse: `>`, `<<`.

        Raises:
            DataError: no note is before it, or it has more than three signs.
        """
        layer = self._layers[-1]
        if not layer.events or len(marks) > 3 or layer.broken is not None:
            raise DataError(f"expected notes around {marks[:5]} in {self.place}")
        short = Fraction(1, 2 ** len(marks))
        first, second = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        layer.events[-1].length *= first
        layer.broken = second

    def begin_tuplet(self, p: int, q: int | None, r: int | None) -> None:
        """Begin a tuplet: `p` notes in the time of `q`, for the next `r` notes.

        Raises:
            DataError: a number is missing or out of range.
        """
        if q is None:
            by_beat = 3 if self.metre.is_compound else 2
            q = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p)
            metre = self.metre.metre
            if q is None and metre and metre.numerator == 3:
                # The standard says 2 here, some programs take 3.
                self._remarks.add(
                    "a tuplet without a length takes the time of two notes", self.spot
                )
            q = q or by_beat
        r = p if r is None else r
        layer = self._layers[-1]
        if not all(1 <= number <= 64 for number in (p, q, r)) or len(layer.tuplets) > 2:
            raise DataError(f"expected a tuplet such as (3 or (3:2:3 in {self.place}")
        layer.tuplets.append(Tuplet(Fraction(q, p), r))

    def fermata(self) -> None:
        """Set a fermata over the next note."""
        self._fermata = True

    def begin_overlay(self) -> None:
        """Go back to the beginning of the bar, for a voice below those before.

        Raises:
            DataError: more than seven overlays.
        """
        self._check_complete()
        if len(self._layers) > 7:
            raise DataError(f"expected at most 7 overlays (&) in {self.place}")
        layer = Layer()
        if len(self._layers) <= len(self._overlay_ties):
            layer.tied = self._overlay_ties[len(self._layers) - 1]
        self._layers.append(layer)

    # === Bars ===

    def barline(self, line: str) -> None:
        """Close the bar if it has notes, and set the repeat signs of a barline."""
        self.close_bar()
        ends = line.startswith(":")
        starts = line.endswith(":")
        if ends and self.bars:
            self.bars[-1].repeat_end = True
        if starts:
            self._next.repeat_start = True
        if ends or starts or "||" in line or "]" in line or "[" in line:
            self._next.begins_section = True
            self._endings = frozenset()

    def begin_ending(self, numbers: frozenset[int]) -> None:
        """Begin the bracket of an ending; without numbers, that of a coda."""
        self.close_bar()
        self._endings = numbers
        if not numbers:
            return
        layer = self._layers[0]
        if 1 in numbers or not self._before_endings:
            self._before_endings = dict(layer.tied)
        else:
            # What is tied into the first ending is tied into the others too.
            layer.tied = dict(self._before_endings)
            self._remarks.add("a tie is continued in a later ending", self.spot)

    def close_bar(self) -> None:
        """End the bar, unless it is empty.

        Raises:
            DataError: too many bars.
        """
        self._check_complete()
        if not any(layer.events for layer in self._layers):
            return
        if len(self.bars) >= MOST_BARS:
            raise DataError(f"expected at most {MOST_BARS} bars")
        bar = self._next
        bar.row = self.row
        bar.layers = [layer.events for layer in self._layers]
        bar.length = max(map(length_of, bar.layers))
        bar.endings = self._endings
        self.bars.append(bar)
        self._next, self._later = self._later, AbcBar()
        self._counter.add(bar.length, self.metre.metre)
        layer, *overlays = self._layers
        self._overlay_ties = [overlay.tied for overlay in overlays]
        layer.events = []
        layer.accidentals = Accidentals()
        self._layers = [layer]

    def _check_complete(self) -> None:
        """Say what a barline or an overlay interrupts."""
        for layer in self._layers:
            if layer.tuplets or layer.broken is not None:
                self._remarks.add("a barline stands in a tuplet or after >", self.spot)
        if self._fermata:
            self._remarks.add("a fermata over no note is left out", self.spot)
            self._fermata = False
