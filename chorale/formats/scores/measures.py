"""Measures of a score while it is read, for readers of MEI and of MuseScore files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from chorale.formats.scores.notes import ScoreNote, Syllable
from chorale.formats.scores.written_score import Line, WrittenBar
from chorale.music.keys import KeySignature
from chorale.music.metre import Metre


@dataclass(slots=True)
class Pitch:
    """A note of a chord: MIDI note, diatonic number, ties before and after it."""

    pitch: int
    number: int
    tied: bool = False
    ties: bool = False


@dataclass(kw_only=True)
class Sound:
    """A note, chord or rest; its times are in steps from the beginning of the measure.

    Attributes:
        names: ids of the element and of the notes of a chord.
        pitches: by the ids of the notes, or by their places in the chord.
        whole_bar: whether it is a rest as long as the bar.
    """

    start: Fraction
    end: Fraction
    names: list[str] = field(default_factory=list)
    pitches: dict[str, Pitch] = field(default_factory=dict)
    fermata: bool = False
    whole_bar: bool = False
    syllables: list[Syllable] = field(default_factory=list)


@dataclass(kw_only=True)
class Measure:
    """A measure; `layers` are those of each staff by its number, the upper one first.

    `number` is as printed, None if it is no number; `metre` is in force, `new_metre`,
    `key` and `tempo` begin with it.
    """

    number: int | None
    metre: Metre
    new_metre: Metre | None = None
    key: KeySignature | None = None
    tempo: float | None = None
    is_incomplete: bool = False
    repeat_start: bool = False
    repeat_end: bool = False
    endings: frozenset[int] = frozenset()
    layers: dict[str, list[list[Sound]]] = field(default_factory=dict)

    @property
    def length(self) -> Fraction:
        """Its length in steps, that of its longest layer."""
        length = max((sound.end for sound in sounds_of([self])), default=Fraction(0))
        return length or Fraction(self.metre.bar_length)


def sounds_of(measures: Iterable[Measure]) -> Iterator[Sound]:
    for measure in measures:
        for layers in measure.layers.values():
            for layer in layers:
                yield from layer


# === Bars ===


def written_bars(measures: Sequence[Measure]) -> list[WrittenBar]:
    """Return the bars of measures, numbered."""
    bars: list[WrittenBar] = []
    lengths = [measure.length for measure in measures]
    position = Fraction(0)
    for index, (measure, length) in enumerate(zip(measures, lengths, strict=True)):
        full = measure.metre.bar_length
        is_last = index + 1 == len(measures)
        if measure.new_metre is not None or position + length > full:
            position = Fraction(0)
        completed = not is_last and length + lengths[index + 1] == full
        is_short = length < full and position == 0 and not completed and not is_last
        upbeat = is_short and (index == 0 or measure.is_incomplete)
        number = measure.number
        if number is None:
            number = bars[-1].number + (position == 0) if bars else int(not upbeat)
        bars.append(
            WrittenBar(
                number=max(number, 0),
                length=length,
                metre=measure.new_metre,
                key=measure.key,
                tempo=measure.tempo,
                upbeat=upbeat,
                repeat_start=measure.repeat_start,
                repeat_end=measure.repeat_end,
                endings=measure.endings,
            )
        )
        position = Fraction(0) if upbeat else (position + length) % full
    return bars


def staff_bars(
    number: str, measures: Sequence[Measure], bars: Sequence[WrittenBar]
) -> Iterator[list[Line]]:
    """Yield the lines of a staff in each bar."""
    for measure, bar in zip(measures, bars, strict=True):
        yield [
            [_note(sound, bar) for sound in layer]
            for layer in measure.layers.get(number, [])
        ]


def _note(sound: Sound, bar: WrittenBar) -> ScoreNote:
    pitches = sorted(sound.pitches.values(), key=lambda each: -each.pitch)
    return ScoreNote(
        pitches=tuple(each.pitch for each in pitches),
        tied=tuple(each.tied for each in pitches),
        start=sound.start,
        end=bar.length if sound.whole_bar else sound.end,
        fermata=sound.fermata,
        bar=bar.number,
        spelling=tuple(each.number for each in pitches),
        syllables=tuple(sound.syllables),
    )
