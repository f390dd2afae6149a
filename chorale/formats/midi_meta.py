"""MIDI meta events: title, key, time signatures, tempo map and fermata markers.

Sequencers count bars from tick 0, without pickups or incomplete bars. An incomplete bar
therefore gets a time signature of its own length, such as 1/4 for a pickup of a
quarter, and the next bar the actual one: sequencers then draw the right barlines.
Text events add what time signatures cannot express, bar numbers and the position of an
incomplete bar, so that our own files are read back exactly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import mido
import numpy as np

from chorale.music.keys import Key, KeySignature
from chorale.music.metre import COMMON_TIME, STEPS_PER_WHOLE, Bar, Metre, number_bars
from chorale.music.score import DEFAULT_TEMPO, FERMATA_TEMPO, Chorale
from chorale.utils.arrays import IntArray

# Meta messages with their times in steps, fractional in foreign files.
Metas = Sequence[tuple[float, mido.MetaMessage]]

_SLOWEST_TEMPO = 0xFFFFFF  # microseconds per quarter, the most that three bytes hold
_FERMATA, _FERMATA_END = "fermata", "a tempo"
_BAR_TEXT = re.compile(r"chorale bar (\d{1,9}) position (\d{1,9})")
_METRE_TEXT = re.compile(r"chorale metre (\d{1,9}/\d{1,9})")

# === Writing ===


def conductor_events(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return the meta messages of the conductor track, each with its step."""
    events: list[tuple[int, mido.MetaMessage]] = []

    def add(step: int, kind: str, **fields: Any) -> None:
        events.append((step, mido.MetaMessage(kind, **fields)))

    if chorale.title:
        # mido writes Latin-1; bytes of UTF-8 decoded as Latin-1 are written unchanged.
        name = chorale.title.encode("utf-8", "replace").decode("latin-1")
        add(0, "track_name", name=name)
    if chorale.key is not None:
        suffix = "m" if chorale.key.mode == "minor" else ""
        add(0, "key_signature", key=chorale.key.tonic + suffix)
    for metre in chorale.metres:
        add(metre.step, "text", text=f"chorale metre {metre.name}")
    for step in _irregular_steps(chorale):
        bar, position = chorale.bars[step], chorale.positions[step]
        add(step, "text", text=f"chorale bar {bar} position {position}")
    current = None
    for bar in chorale.written_bars():
        signature = _signature(bar, is_last=bar.end == chorale.steps)
        if signature != current:
            add(bar.start, "time_signature", **signature)
        current = signature
    tempos = chorale.step_tempos()
    for step in [0, *(np.flatnonzero(np.diff(tempos)) + 1).tolist()]:
        tempo = min(round(mido.bpm2tempo(tempos[step])), _SLOWEST_TEMPO)
        add(step, "set_tempo", tempo=tempo)
    for start, end in chorale.fermata_spans():
        add(start, "marker", text=_FERMATA)
        add(end, "marker", text=_FERMATA_END)
    return events


def _irregular_steps(chorale: Chorale) -> list[int]:
    """Return step 0 and the steps where bars do not continue the step before."""
    bars, positions = chorale.bars, chorale.positions
    is_bar_end = positions[:-1] + 1 >= chorale.bar_lengths()[:-1]
    continues = (bars[1:] == bars[:-1] + is_bar_end) & (
        positions[1:] == np.where(is_bar_end, 0, positions[:-1] + 1)
    )
    return [0, *(np.flatnonzero(~continues) + 1).tolist()]


def _signature(bar: Bar, *, is_last: bool) -> dict[str, int]:
    """Return the time signature with which a sequencer draws the end of a bar."""
    metre = bar.metre
    # No barline follows a last bar that is short, completing the pickup.
    if bar.length == metre.bar_length or (is_last and bar.position == 0):
        return {"numerator": metre.numerator, "denominator": metre.denominator}
    unit = max(unit for unit in (1, 2, 4) if bar.length % unit == 0)
    return {"numerator": bar.length // unit, "denominator": STEPS_PER_WHOLE // unit}


def from_latin1(text: str) -> str:
    """Return text that mido has read, which is UTF-8 or else Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


# === Reading ===


def read_bars(
    metas: Metas, steps: int, track_end: float
) -> tuple[tuple[Metre, ...], IntArray, IntArray]:
    """Return the metres of a piece, and `bars` and `positions` of its steps.

    The last note ends at `steps`, the first track at step `track_end`: our own files
    may end with rests.
    """
    metres = tuple(
        Metre.parse(match[1], step) for step, match in _matches(metas, _METRE_TEXT)
    )
    if metres and metres[0].step == 0:
        return metres, *_own_bars(metas, metres, max(steps, round(track_end)))
    metres, pickup = _foreign_metres(metas)
    metres = tuple(metre for metre in metres if metre.step < steps)
    return metres, *number_bars(steps, metres, pickup)


def _of_type(metas: Metas, kind: str) -> list[tuple[int, mido.MetaMessage]]:
    return [(round(step), message) for step, message in metas if message.type == kind]


def _matches(metas: Metas, pattern: re.Pattern[str]) -> list[tuple[int, re.Match[str]]]:
    """Return the text events that match a pattern of our own files."""
    return [
        (step, match)
        for step, message in _of_type(metas, "text")
        if (match := pattern.fullmatch(message.text))
    ]


def _own_bars(
    metas: Metas, metres: Sequence[Metre], steps: int
) -> tuple[IntArray, IntArray]:
    """Return `bars` and `positions` from the text events of our own files."""
    irregular = {
        step: (int(match[1]), int(match[2]))
        for step, match in _matches(metas, _BAR_TEXT)
    }
    lengths = {metre.step: metre.bar_length for metre in metres}
    bars, positions = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    bar, position, length = 1, 0, lengths[0]
    for step in range(steps):
        if position >= length:
            bar, position = bar + 1, 0
        bar, position = irregular.get(step, (bar, position))
        length = lengths.get(step, length)
        bars[step], positions[step] = bar, position
        position += 1
    return bars, positions


def _foreign_metres(metas: Metas) -> tuple[tuple[Metre, ...], int]:
    """Return the metres from time signatures, and the pickup in steps."""
    by_step = {0: COMMON_TIME}
    for step, signature in _of_type(metas, "time_signature"):
        by_step[step] = Metre(signature.numerator, signature.denominator, step)
    metres = tuple(by_step[step] for step in sorted(by_step))
    if len(metres) > 1:
        first, second = metres[:2]
        if first.bar_length == second.step < second.bar_length:
            return (replace(second, step=0), *metres[2:]), first.bar_length
    return metres, 0


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


def read_key(metas: Metas) -> KeySignature | None:
    """Return the key signature at the beginning; None if there is none.

    A later one is not that of the beginning. Programs write every signature as major,
    so only `minor` means anything, except in our own files.
    """
    is_own = bool(_matches(metas, _METRE_TEXT))
    for step, message in _of_type(metas, "key_signature"):
        if step == 0:
            mode = "minor" if message.key.endswith("m") else "major"
            return KeySignature(
                fifths=Key(message.key.removesuffix("m"), mode).fifths,
                mode=mode,
                default_mode=mode == "major",
                certain=is_own,
            )
    return None


def read_tempo(metas: Metas, *, under_fermata: bool) -> float:
    """Return the tempo at the beginning, in quarters per minute."""
    for _, message in _of_type(metas, "set_tempo"):
        tempo = float(mido.tempo2bpm(message.tempo))
        # Whole microseconds per quarter are precise to two decimals.
        return round(tempo / FERMATA_TEMPO if under_fermata else tempo, 2)
    return DEFAULT_TEMPO
