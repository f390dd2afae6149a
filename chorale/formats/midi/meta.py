"""MIDI meta events as read: title, key, time signatures, tempo and fermatas.

Our own files have events that other programs do not write, see `conductor`; older
versions wrote them as text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chorale.formats.midi.conductor import FERMATA, FERMATA_END, MANUFACTURER
from chorale.formats.midi.events import (
    KEY_SIGNATURE,
    MARKER,
    SEQUENCER_SPECIFIC,
    SET_TEMPO,
    TEXT,
    TIME_SIGNATURE,
)
from chorale.formats.midi.tracks import Meta
from chorale.music.keys import MOST_SHARPS, KeySignature
from chorale.music.metre import COMMON_TIME, Metre, number_bars
from chorale.music.score import DEFAULT_TEMPO, FERMATA_TEMPO
from chorale.utils.arrays import IntArray

Metas = Sequence[Meta]

_MICROSECONDS_PER_MINUTE = 60_000_000
_MOST_NUMERATOR, _MOST_EXPONENT = 64, 6  # of time signatures that are not damaged
_BAR_TEXT = re.compile(r"chorale bar (\d{1,9}) position (\d{1,9})")
_METRE_TEXT = re.compile(r"chorale metre (\d{1,9}/\d{1,9})")
_TITLE_TEXT = re.compile(r"chorale title (.*)", re.DOTALL)
_CREDIT_TEXT = re.compile(r"chorale credit (.*)", re.DOTALL)
_KARAOKE_TITLE = "@T"


def is_own_file(metas: Metas) -> bool:
    """Return whether this package wrote the file."""
    return any(step == 0 for step, _ in own_events(metas, _METRE_TEXT))


def own_title(metas: Metas) -> str | None:
    """Return the title of our own files with all its letters; None in others."""
    titles = own_events(metas, _TITLE_TEXT)
    return titles[0][1][1] if titles else None


def karaoke_title(metas: Metas) -> str:
    """Return the title in the words of a karaoke file; empty in others."""
    texts = (meta.text for meta in _of_type(metas, TEXT))
    titles = (text for text in texts if text.startswith(_KARAOKE_TITLE))
    return next(titles, "").removeprefix(_KARAOKE_TITLE).strip()


def own_credit(metas: Metas) -> str:
    """Return the credit of our own files; empty in others."""
    credits = own_events(metas, _CREDIT_TEXT)
    return credits[0][1][1] if credits else ""


def read_bars(
    metas: Metas, steps: int, track_end: float
) -> tuple[tuple[Metre, ...], IntArray, IntArray]:
    """Return the metres of a piece, and `bars` and `positions` of its steps.

    The last note ends at `steps`, the first track at step `track_end`: our own files
    may end with rests.
    """
    if is_own_file(metas):
        matches = own_events(metas, _METRE_TEXT)
        metres = tuple(Metre.parse(match[1], step) for step, match in matches)
        length = max(steps, round(track_end))
        metres = tuple(metre for metre in metres if metre.step < length)
        return metres, *_own_bars(metas, metres, length)
    metres, pickup = _foreign_metres(metas)
    metres = tuple(metre for metre in metres if metre.step < steps)
    if len(metres) > 1 and _completes_pickup(metres, pickup, steps):
        metres = metres[:-1]
    return metres, *number_bars(steps, metres, pickup)


def _completes_pickup(metres: Sequence[Metre], pickup: int, steps: int) -> bool:
    """Return whether the last metre is that of a short last bar.

    Some programs write a time signature of its own for each incomplete bar.
    """
    before, last = metres[-2:]
    is_one_bar = steps - last.step == last.bar_length
    return is_one_bar and 0 < pickup == before.bar_length - last.bar_length


def has_metre(metas: Metas) -> bool:
    """Return whether there is a time signature."""
    return bool(_time_signatures(metas))


def has_default_metre(metas: Metas) -> bool:
    """Return whether 4/4 from the beginning is all that another program states."""
    metres, pickup = _foreign_metres(metas)
    is_plain = metres == (COMMON_TIME,) and not pickup
    return is_plain and has_metre(metas) and not is_own_file(metas)


def read_fermatas(metas: Metas) -> list[tuple[int, int]]:
    """Return the first step of each marked fermata and the step after its last."""
    spans = []
    start: int | None = None
    for meta in _of_type(metas, MARKER):
        if meta.text == FERMATA:
            start = round(meta.step)
        elif meta.text == FERMATA_END and start is not None:
            spans.append((start, round(meta.step)))
            start = None
    return spans


def read_key(metas: Metas, first: float) -> KeySignature | None:
    """Return the key signature at the beginning; None if there is none.

    Programs write every signature as major, so only `minor` means anything, except in
    our own files. A signature of an unknown mode is ignored.

    Args:
        metas: of the file.
        first: step of the first note; later signatures are not that of the beginning.
    """
    early = [meta for meta in _of_type(metas, KEY_SIGNATURE) if meta.is_early(first)]
    # The latest; of several at one step that of the first track, the conductor.
    early.sort(key=lambda meta: -meta.step)
    signatures = [
        signature for meta in early if (signature := _key_signature(meta)) is not None
    ]
    if not signatures:
        return None
    return replace(signatures[0], certain=is_own_file(metas))


def first_change_of_key(metas: Metas, first: float) -> int | None:
    """Return the step of the first signature other than `read_key`'s, None without."""
    start = read_key(metas, first)
    changes = [
        round(meta.step)
        for meta in _of_type(metas, KEY_SIGNATURE)
        if start is not None
        and not meta.is_early(first)
        and (later := _key_signature(meta)) is not None
        and later.fifths != start.fifths
    ]
    return min(changes, default=None)


def _key_signature(meta: Meta) -> KeySignature | None:
    if len(meta.data) < 2 or meta.data[1] > 1:
        return None
    fifths = int.from_bytes(meta.data[:1], signed=True)
    if abs(fifths) > MOST_SHARPS:
        return None
    mode = "minor" if meta.data[1] else "major"
    return KeySignature(fifths=fifths, mode=mode, default_mode=mode == "major")


def read_tempo(metas: Metas, first: float) -> float | None:
    """Return the tempo at the first note, in quarters per minute; None without one."""
    tempos = [meta for meta in _tempos(metas) if meta.is_early(first)]
    return _quarters_per_minute(tempos[-1]) if tempos else None


def own_tempo(metas: Metas, *, under_fermata: bool) -> float:
    """Return the tempo of our own files, which begin slower under a fermata."""
    tempos = _tempos(metas)
    if not tempos:
        return DEFAULT_TEMPO
    tempo = _quarters_per_minute(tempos[0])
    # Whole microseconds per quarter are precise to two decimals.
    return round(tempo / FERMATA_TEMPO if under_fermata else tempo, 2)


def remarks_on_changes(metas: Metas, first: float, steps: int) -> list[str]:
    """Return sentences on what a Chorale cannot say: later keys and tempos."""
    remarks = []
    keys = [_key_signature(meta) for meta in _of_type(metas, KEY_SIGNATURE)]
    if None in keys:
        remarks.append("an invalid key signature is ignored")
    later = {
        meta.data
        for meta in _of_type(metas, KEY_SIGNATURE)
        if not meta.is_early(first)
        and meta.step < steps
        and _key_signature(meta) is not None
    }
    beginning = {
        meta.data for meta in _of_type(metas, KEY_SIGNATURE) if meta.is_early(first)
    }
    if later - beginning:
        remarks.append("key signatures after the beginning are left out")
    tempos = _tempos(metas)
    start = read_tempo(metas, first)
    if any(
        not meta.is_early(first)
        and meta.step < steps
        and _quarters_per_minute(meta) != start
        for meta in tempos
    ):
        remarks.append("changes of tempo after the beginning are left out")
    return remarks


def _tempos(metas: Metas) -> list[Meta]:
    return [
        meta for meta in _of_type(metas, SET_TEMPO) if int.from_bytes(meta.data[:3])
    ]


def _quarters_per_minute(meta: Meta) -> float:
    return round(_MICROSECONDS_PER_MINUTE / int.from_bytes(meta.data[:3]), 2)


def _of_type(metas: Metas, kind: int) -> list[Meta]:
    return [meta for meta in metas if meta.type == kind]


def own_events(
    metas: Metas, pattern: re.Pattern[str]
) -> list[tuple[int, re.Match[str]]]:
    """Return the steps of events of our own files whose text matches a pattern."""
    found = []
    for meta in metas:
        if meta.type == TEXT:
            text = meta.text
        elif meta.type == SEQUENCER_SPECIFIC and meta.data[:1] == bytes([MANUFACTURER]):
            text = meta.data[1:].decode("utf-8", "replace")
        else:
            continue
        if match := pattern.fullmatch(text):
            found.append((round(meta.step), match))
    return found


def _own_bars(
    metas: Metas, metres: Sequence[Metre], steps: int
) -> tuple[IntArray, IntArray]:
    """Return `bars` and `positions` from the events of our own files."""
    irregular = {
        step: (int(match[1]), int(match[2]))
        for step, match in own_events(metas, _BAR_TEXT)
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


def _time_signatures(metas: Metas) -> list[tuple[int, int, int]]:
    """Return step, numerator and denominator of time signatures; odd ones are not."""
    return [
        (round(meta.step), meta.data[0], 1 << meta.data[1])
        for meta in _of_type(metas, TIME_SIGNATURE)
        if len(meta.data) > 1
        and 0 < meta.data[0] <= _MOST_NUMERATOR
        and meta.data[1] <= _MOST_EXPONENT
    ]


def _foreign_metres(metas: Metas) -> tuple[tuple[Metre, ...], int]:
    """Return the metres from time signatures, and the pickup in steps."""
    by_step = {0: COMMON_TIME}
    for step, numerator, denominator in _time_signatures(metas):
        by_step[step] = Metre(numerator, denominator, step)
    metres = [by_step[step] for step in sorted(by_step)]
    if len(metres) > 1:
        first, second = metres[:2]
        if first.bar_length == second.step < second.bar_length:
            metres = [replace(second, step=0), *metres[2:]]
            return _changes(metres), first.bar_length
    return _changes(metres), 0


def _changes(metres: Sequence[Metre]) -> tuple[Metre, ...]:
    """Return metres without those that repeat the one before."""
    return tuple(
        metre
        for index, metre in enumerate(metres)
        if index == 0 or metre.name != metres[index - 1].name
    )
