"""The conductor track of a MIDI file: what holds for all voices, written and read.

Sequencers count bars from tick 0 and know neither pickups nor split bars. A bar that
is not full therefore has a time signature of its own length, such as 1/4 for a pickup
of one quarter, and the real one follows at the next barline: barlines then fall where
the score has them. What time signatures cannot say, the numbers of bars and the place
in the bar where a short one begins, stands in text events beside them, so that our own
files are read back exactly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mido
import numpy as np

from chorale.formats.shared import (
    FERMATA_TEMPO,
    Bar,
    fermata_spans,
    step_tempos,
    written_bars,
)
from chorale.music.keys import Key
from chorale.music.score import (
    COMMON_TIME,
    DEFAULT_TEMPO,
    STEPS_PER_WHOLE,
    Chorale,
    Metre,
    lay_bars,
)
from chorale.utils.arrays import IntArray

# Meta messages at their steps, which in foreign files are no whole ones.
Metas = Sequence[tuple[float, mido.MetaMessage]]

_SLOWEST_TEMPO = 0xFFFFFF  # microseconds a quarter, all that three bytes hold
_FERMATA, _FERMATA_END = "fermata", "a tempo"
_BAR_TEXT = re.compile(r"chorale bar (\d{1,9}) position (\d{1,9})")
_METRE_TEXT = re.compile(r"chorale metre (\d{1,9}/\d{1,9})")

# === Writing ===


def conductor_events(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return title, key, bars, metres, tempos and fermatas, each with its step."""
    events: list[tuple[int, mido.MetaMessage]] = []
    if chorale.title:
        events.append((0, meta("track_name", name=as_latin1(chorale.title))))
    if chorale.key is not None:
        name = chorale.key.tonic + ("m" if chorale.key.mode == "minor" else "")
        events.append((0, meta("key_signature", key=name)))
    events += _bar_texts(chorale)
    events += _time_signatures(chorale)
    tempos = step_tempos(chorale)
    for step in [0, *(np.flatnonzero(np.diff(tempos)) + 1).tolist()]:
        tempo = min(round(mido.bpm2tempo(tempos[step])), _SLOWEST_TEMPO)
        events.append((step, meta("set_tempo", tempo=tempo)))
    for start, end in fermata_spans(chorale):
        events.append((start, meta("marker", text=_FERMATA)))
        events.append((end, meta("marker", text=_FERMATA_END)))
    return events


def _bar_texts(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return the metres, and where bars are not simply full ones counted from 1."""
    bars, positions = chorale.bars, chorale.positions
    over = positions[:-1] + 1 >= chorale.bar_lengths()[:-1]
    counts_on = (bars[1:] == bars[:-1] + over) & (
        positions[1:] == np.where(over, 0, positions[:-1] + 1)
    )
    places = [0, *(np.flatnonzero(~counts_on) + 1).tolist()]
    texts = [(one.step, f"chorale metre {one.name}") for one in chorale.metres]
    texts += [
        (step, f"chorale bar {bars[step]} position {positions[step]}")
        for step in places
    ]
    return [(step, meta("text", text=text)) for step, text in texts]


def _time_signatures(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return time signatures under which a sequencer draws the barlines right."""
    bars = written_bars(chorale)
    events = []
    current = None
    for bar in bars:
        # The last bar may be short, completing the pickup: no barline comes after it.
        cut_off = bar is bars[-1] and bar.position == 0
        signature = bar.metre if cut_off else _signature(bar)
        numbers = (signature.numerator, signature.denominator)
        if numbers != current:
            message = meta(
                "time_signature", numerator=numbers[0], denominator=numbers[1]
            )
            events.append((bar.start, message))
        current = numbers
    return events


def _signature(bar: Bar) -> Metre:
    """Return the time signature under which a bar is full."""
    if bar.length == bar.metre.bar_length:
        return bar.metre
    unit = max(unit for unit in (1, 2, 4) if bar.length % unit == 0)
    return Metre(bar.length // unit, STEPS_PER_WHOLE // unit)


def meta(kind: str, **fields: Any) -> mido.MetaMessage:
    """Return a meta message; its time comes with its track."""
    return mido.MetaMessage(kind, **fields)


# mido writes and reads text as Latin-1; handing it the bytes of UTF-8 in that disguise
# keeps every title without touching its global setting.
def as_latin1(text: str) -> str:
    """Return text as mido has to be handed it."""
    return text.encode("utf-8", "replace").decode("latin-1")


def from_latin1(text: str) -> str:
    """Return a text of a foreign file, which is UTF-8 or else Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


# === Reading ===


def read_bars(
    metas: Metas, steps: int, track_end: float
) -> tuple[tuple[Metre, ...], IntArray, IntArray]:
    """Return the metres of a piece, and `bars` and `positions` of its steps.

    Args:
        metas: of all tracks.
        steps: at which the last note ends; our own files may go on in silence.
        track_end: where the first track ends, in steps.
    """
    metres = _own_metres(metas)
    if metres:
        return metres, *_own_bars(metas, metres, max(steps, round(track_end)))
    metres, pickup = _foreign_metres(metas)
    metres = tuple(metre for metre in metres if metre.step < steps)
    return metres, *lay_bars(steps, metres, pickup)


def says_metre(metas: Metas) -> bool:
    """Return whether there is a time signature at all."""
    return bool(_of_type(metas, "time_signature"))


def _of_type(metas: Metas, kind: str) -> list[tuple[int, mido.MetaMessage]]:
    return [(round(step), message) for step, message in metas if message.type == kind]


def _matches(metas: Metas, pattern: re.Pattern[str]) -> list[tuple[int, re.Match[str]]]:
    """Return the text events that are of our own making."""
    found = [
        (step, pattern.fullmatch(text.text)) for step, text in _of_type(metas, "text")
    ]
    return [(step, match) for step, match in found if match is not None]


def _own_metres(metas: Metas) -> tuple[Metre, ...]:
    """Return the metres that our own files name; nothing from others."""
    metres = tuple(
        Metre.parse(match[1], step) for step, match in _matches(metas, _METRE_TEXT)
    )
    return metres if metres and metres[0].step == 0 else ()


def _own_bars(
    metas: Metas, metres: Sequence[Metre], steps: int
) -> tuple[IntArray, IntArray]:
    """Return `bars` and `positions` as our own files give them."""
    places = {
        step: (int(match[1]), int(match[2]))
        for step, match in _matches(metas, _BAR_TEXT)
    }
    lengths = {metre.step: metre.bar_length for metre in metres}
    bars, positions = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    bar, position, length = 1, 0, lengths[0]
    for step in range(steps):
        if position >= length:
            bar, position = bar + 1, 0
        bar, position = places.get(step, (bar, position))
        length = lengths.get(step, length)
        bars[step], positions[step] = bar, position
        position += 1
    return bars, positions


def _foreign_metres(metas: Metas) -> tuple[tuple[Metre, ...], int]:
    """Return the metres that the time signatures give, and the pickup in steps."""
    metres = {0: COMMON_TIME}
    for step, signature in _of_type(metas, "time_signature"):
        metres[step] = Metre(signature.numerator, signature.denominator, step)
    ordered = [metres[step] for step in sorted(metres)]
    if len(ordered) > 1:
        first, second = ordered[:2]
        if first.bar_length == second.step < second.bar_length:
            ordered[:2] = [replace(second, step=0)]
            return tuple(ordered), first.bar_length
    return tuple(ordered), 0


def read_fermatas(metas: Metas) -> list[tuple[int, int]]:
    """Return the first step of each marked fermata and the step after its last."""
    spans = []
    start: int | None = None
    for step, marker in _of_type(metas, "marker"):
        if marker.text == _FERMATA:
            start = step
        elif marker.text == _FERMATA_END and start is not None:
            spans.append((start, step))
            start = None
    return spans


def read_key(metas: Metas) -> Key | None:
    """Return the key of the first key signature; None if there is none."""
    for _, message in _of_type(metas, "key_signature"):
        name = message.key
        return Key(name.removesuffix("m"), "minor" if name.endswith("m") else "major")
    return None


def read_tempo(metas: Metas, *, under_fermata: bool) -> float:
    """Return the tempo of the beginning, in quarters a minute."""
    for _, message in _of_type(metas, "set_tempo"):
        tempo = float(mido.tempo2bpm(message.tempo))
        # Whole microseconds a quarter are good for two places.
        return round(tempo / FERMATA_TEMPO if under_fermata else tempo, 2)
    return DEFAULT_TEMPO
