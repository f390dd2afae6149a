"""When the notes of a Humdrum file begin.

A row has no time of its own: the notes of a row begin where the notes before them in
their spines end.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from fractions import Fraction

from chorale.errors import DataError
from chorale.formats.humdrum.spines import Spine, Voice
from chorale.formats.humdrum.tokens import KernNote, parse_note
from chorale.formats.limits import HUMDRUM_NOTES
from chorale.formats.scores.notes import Syllable
from chorale.music.metre import STEPS_PER_QUARTER


class Clock:
    """Count the time of a file row after row, in steps.

    Attributes:
        has_notes: whether there were notes or rests so far.
        graces: number of grace notes so far, which are left out.
        has_gap: whether a staff had neither note nor rest for a while.
    """

    def __init__(self) -> None:
        self.has_notes = False
        self.graces = 0
        self.has_gap = False
        self._count = 0
        self._row = Fraction(0)  # the time of the last row of notes
        self._latest = Fraction(0)  # the end of the note that ends last
        self._parsed: dict[str, KernNote | None] = {}

    def read_notes(self, tokens: Sequence[str], spines: Sequence[Spine]) -> bool:
        """Add a row of notes to the voices of its spines.

        Returns:
            Whether there are notes or rests in it, apart from grace notes.

        Raises:
            DataError: a token is no note, or the notes do not begin together.
        """
        row: list[tuple[Voice, KernNote]] = []
        for token, spine in zip(tokens, spines, strict=True):
            if spine.staff is None or token == ".":
                continue
            note = self._parse(token)
            if note is None:
                self.graces += 1
            else:
                row.append((spine.voice, note))
        if not row:
            return False
        now = self._time_of([voice for voice, _ in row], spines)
        for voice, note in row:
            voice.notes.append((note, now))
            voice.end = now + note.length
            voice.rests = not note.pitches
            self._latest = max(self._latest, voice.end)
        self._find_gaps(spines, now)
        _add_lyrics(tokens, spines, now)
        self._row = now
        self.has_notes = True
        self._count += len(row)
        if self._count > HUMDRUM_NOTES:
            raise DataError(f"expected at most {HUMDRUM_NOTES} notes")
        return True

    def is_together(self, spines: Sequence[Spine]) -> bool:
        """Return whether all spines have reached the same time."""
        ends = {spine.voice.end for spine in spines if spine.staff is not None}
        return len(ends - {None}) <= 1

    def barline(self, spines: Sequence[Spine], full: Fraction) -> Fraction:
        """Return the time of a barline; `full` would be the end of a full bar.

        A whole rest that is alone in its bar is as long as the bar; other notes and
        rests may last beyond the barline.
        """
        voices = [spine.voice for spine in spines if spine.staff is not None]
        rests = [voice for voice in voices if voice.is_whole_rest]
        if voices and len(rests) == len(voices):
            self._latest = full
            return full
        ends = [
            voice.end
            for voice in voices
            if voice.end is not None and not voice.is_whole_rest
        ]
        return min(ends, default=self._latest)

    def _parse(self, token: str) -> KernNote | None:
        # Most tokens occur many times.
        if token not in self._parsed:
            self._parsed[token] = parse_note(token)
        return self._parsed[token]

    def _time_of(self, voices: Sequence[Voice], spines: Sequence[Spine]) -> Fraction:
        """Return when the notes of a row begin that are in these voices."""
        ends = {voice.end for voice in voices}
        if ends != {None}:
            return self._only(ends, "all notes of a row to begin together")
        # All of them follow a gap; another spine tells the time.
        others = (spine.voice.end for spine in spines)
        later = [end for end in others if end is not None and end > self._row]
        return min(later, default=self._latest)

    def _only(self, ends: set[Fraction | None], expected: str) -> Fraction:
        """Return the one time in a set; the end of the last note if there is none."""
        known = sorted(end for end in ends if end is not None)
        if not known:
            return self._latest
        if len(known) > 1:
            quarters = float(known[-1] - known[0]) / STEPS_PER_QUARTER
            raise DataError(
                f"expected {expected}, got a difference of {quarters:g} quarters: a "
                "duration or a row above is wrong or missing"
            )
        return known[0]

    def _find_gaps(self, spines: Sequence[Spine], now: Fraction) -> None:
        """Mark the voices that neither sound nor rest from now on."""
        for spine in spines:
            voice = spine.voice
            if spine.staff is None or voice.end is None or voice.end > now:
                continue
            voice.end = None
            ends = {member.end for member in spine.staff.voices}
            if not voice.rests and ends == {None}:
                self.has_gap = True


def _add_lyrics(tokens: Sequence[str], spines: Sequence[Spine], now: Fraction) -> None:
    """Add the syllables of a row to the upper voices that begin a note in it."""
    for token, spine in zip(tokens, spines, strict=True):
        if spine.sung is None or token == ".":
            continue
        text = token.lstrip("-_|").rstrip("_")
        joined = text.endswith("-")
        text = text.removesuffix("-")
        if not text:
            continue
        for voice in spine.sung.voices:
            if voice.notes and voice.notes[-1][1] == now:
                # A hyphen before or after joins; _ and | stand where one is held.
                syllable = Syllable(
                    text=html.unescape(text),
                    verse=spine.verse,
                    joined=joined,
                )
                voice.syllables.setdefault(len(voice.notes) - 1, []).append(syllable)
                break
