"""The conductor track of a MIDI file as written: title, key, metre, tempo, fermatas.

Sequencers count bars from tick 0, without pickups or incomplete bars. An incomplete bar
therefore gets a time signature of its own length, such as 1/4 for a pickup of a
quarter, and the next bar the actual one: sequencers then draw the right barlines. What
time signatures cannot express, bar numbers and the position of an incomplete bar, is in
sequencer-specific events, so that our own files are read back exactly: other programs
print text events into the score. Text is ASCII, as some programs open no other.
"""

from __future__ import annotations

from typing import Any

import mido
import numpy as np

from chorale.music.metre import STEPS_PER_WHOLE, Bar
from chorale.music.score import Chorale
from chorale.utils.text import to_ascii

# The first byte of sequencer-specific events names the manufacturer; this one is for
# non-commercial use.
MANUFACTURER = 0x7D
FERMATA, FERMATA_END = "fermata", "a tempo"
BAR_TEXT = "chorale bar {} position {}"
METRE_TEXT = "chorale metre {}"
TITLE_TEXT = "chorale title {}"
CREDIT_TEXT = "chorale credit {}"
LYRIC_TEXT = "chorale lyric {} {} {}"  # verse, "-" if joined or "+", text

_SLOWEST_TEMPO = 0xFFFFFF  # microseconds per quarter, the most that three bytes hold
_UNTITLED = "Chorale"


def conductor_events(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return the meta messages of the conductor track, each with its step."""
    events: list[tuple[int, mido.MetaMessage]] = []

    def add(step: int, kind: str, **fields: Any) -> None:
        events.append((step, mido.MetaMessage(kind, **fields)))

    def keep(step: int, text: str) -> None:
        events.append((step, own_event(text)))

    add(0, "track_name", name=ascii_title(chorale))
    if credit := to_ascii(chorale.credit):
        add(0, "copyright", text=credit)
        keep(0, CREDIT_TEXT.format(chorale.credit))
    if chorale.key is not None:
        suffix = "m" if chorale.key.mode == "minor" else ""
        add(0, "key_signature", key=chorale.key.tonic + suffix)
    keep(0, TITLE_TEXT.format(chorale.title))
    for metre in chorale.metres:
        keep(metre.step, METRE_TEXT.format(metre.name))
    for step in _irregular_steps(chorale):
        keep(step, BAR_TEXT.format(chorale.bars[step], chorale.positions[step]))
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
        add(start, "marker", text=FERMATA)
        add(end, "marker", text=FERMATA_END)
    return events


def own_event(text: str) -> mido.MetaMessage:
    """Return the event that keeps a text of ours, which no program prints."""
    data = (MANUFACTURER, *text.encode("utf-8", "replace"))
    return mido.MetaMessage("sequencer_specific", data=data)


def ascii_title(chorale: Chorale) -> str:
    """Return the title in ASCII; without one the source; never empty."""
    for text in (chorale.title, chorale.source):
        if found := to_ascii(text):
            return found
    return _UNTITLED


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
