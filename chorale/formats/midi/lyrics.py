"""Lyrics of MIDI files as read: the lyric events of the tracks of voices."""

from __future__ import annotations

from collections.abc import Sequence

from chorale.formats.midi.events import LYRIC
from chorale.formats.midi.tracks import Part
from chorale.music.lyrics import Lyric
from chorale.music.voices import VOICES

_HYPHENS = "-\u2010\u2011"
_LINE_MARKS = "/\\\r\n"  # of karaoke files


def read_lyrics(parts: Sequence[Part], voice: int | None) -> list[Lyric]:
    """Return the syllables of chosen parts, wherever they are.

    Syllables of a track with chords are those of its highest voice. Words end where
    there is no hyphen or, in files that use spaces, with a space.

    Args:
        parts: four, soprano first; two; or one.
        voice: the voice that is read, all if None.
    """
    lyrics = []
    for index, part in enumerate(parts):
        singer = index * VOICES // len(parts)
        if len(parts) == 1 and voice is not None:
            singer = voice
        texts = [
            (round(meta.step), meta.words.strip(_LINE_MARKS))
            for meta in part.metas
            if meta.type == LYRIC and not meta.words.startswith("@")
        ]
        has_spaces = any(text.strip() and text.endswith(" ") for _, text in texts)
        for step, text in texts:
            joined = text.rstrip().endswith(tuple(_HYPHENS)) or (
                has_spaces and not text.endswith(" ")
            )
            if syllable := text.strip().rstrip(_HYPHENS).strip():
                lyrics.append(
                    Lyric(step=step, voice=singer, text=syllable, joined=joined)
                )
    return lyrics
