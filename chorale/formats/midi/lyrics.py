"""Lyrics of MIDI files as read: lyric events, or the text events of karaoke files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chorale.formats.midi.events import LYRIC, TEXT
from chorale.formats.midi.meta import own_events
from chorale.formats.midi.tracks import Meta, Part
from chorale.music.lyrics import Lyric, sung
from chorale.music.voices import VOICES
from chorale.utils.arrays import BoolArray

_HYPHENS = ("-", "\u2010", "\u2011")
_LINE_MARKS = "/\\\r\n"  # of karaoke files
_BREAKS = (" ", *_LINE_MARKS)  # between words
_HEADER = "@"  # of karaoke files: title, language, author
_LEAST_SIGNS = 2  # words with spaces, hyphens or line marks: these are no chord names
_OWN_LYRIC = re.compile(r"chorale lyric (\d{1,3}) ([-+]) (.*)", re.DOTALL)


def read_lyrics(
    parts: Sequence[Part], metas: Sequence[Meta], voice: int | None, onsets: BoolArray
) -> tuple[tuple[Lyric, ...], list[str]]:
    """Return the syllables of chosen parts, and sentences on what is left out.

    Syllables of a track with chords are those of its highest voice. Where the parts
    have none, words that stand anywhere in the file at the notes of the melody are its
    syllables. Words end where there is no hyphen or, in files that use spaces, with a
    space.

    Args:
        parts: four, soprano first; two; or one.
        metas: meta events of all tracks.
        voice: the voice that is read, all if None.
        onsets: bool array (steps, 4), where notes begin.
    """
    singers = [index * VOICES // len(parts) for index in range(len(parts))]
    if len(parts) == 1 and voice is not None:
        singers = [voice]
    pairs = list(zip(parts, singers, strict=True))
    lyrics = [lyric for part, singer in pairs for lyric in _of_part(part, singer)]
    if not lyrics:
        lyrics = [
            lyric
            for part, singer in pairs
            for lyric in _syllables(_karaoke(part.metas), singer)
        ]
        if not lyrics or len(sung(lyrics, onsets)) * 2 < len(lyrics):
            melody = singers[0] if voice is None else voice
            words = [meta for meta in metas if meta.type == LYRIC] or _karaoke(metas)
            lyrics = _syllables(words, melody)
            if lyrics and len(sung(lyrics, onsets)) * 2 < len(lyrics):
                return (), ["words that do not stand at the notes are left out"]
    if voice is not None:
        lyrics = [lyric for lyric in lyrics if lyric.voice == voice]
    found = sung(lyrics, onsets)
    omitted = len(lyrics) - len(found)
    return found, [f"syllables at no note are left out: {omitted}"] * (omitted > 0)


def _of_part(part: Part, singer: int) -> list[Lyric]:
    """Return the syllables of the lyric events of a part."""
    own = [
        Lyric(
            step=step,
            voice=singer,
            verse=int(match[1]),
            text=match[3],
            joined=match[2] == "-",
        )
        for step, match in own_events(part.metas, _OWN_LYRIC)
    ]
    return own or _syllables(
        [meta for meta in part.metas if meta.type == LYRIC], singer
    )


def _karaoke(metas: Sequence[Meta]) -> list[Meta]:
    """Return the text events that are words, one at a step; none of other files."""
    texts = [meta for meta in metas if meta.type == TEXT]
    starts = (n for n, meta in enumerate(texts) if meta.words.startswith(("/", "\\")))
    first = next(starts, 0)  # before it are remarks on the file
    words = {
        round(meta.step): meta
        for meta in texts[first:]
        if meta.words and not meta.words.startswith(_HEADER)
    }
    signs = sum(
        meta.words.startswith(_BREAKS) or meta.words.endswith((*_BREAKS, *_HYPHENS))
        for meta in words.values()
    )
    is_karaoke = any(meta.words.startswith("@K") for meta in texts)
    return list(words.values()) if is_karaoke or signs >= _LEAST_SIGNS else []


def _syllables(metas: Sequence[Meta], singer: int) -> list[Lyric]:
    """Return syllables from words at steps."""
    words = [
        (round(meta.step), meta.words)
        for meta in metas
        if not meta.words.startswith(_HEADER)
    ]
    texts = [text for _, text in words]
    has_spaces = any(
        text.strip() and (text.startswith(" ") or text.rstrip(_LINE_MARKS)[-1:] == " ")
        for text in texts
    )
    lyrics = []
    for (step, text), after in zip(words, [*texts[1:], " "], strict=False):
        is_last = text.endswith(_BREAKS) or after.startswith(_BREAKS) or not after
        joined = text.rstrip().endswith(_HYPHENS) or (has_spaces and not is_last)
        syllable = text.strip(_LINE_MARKS).strip().rstrip("".join(_HYPHENS)).strip()
        if syllable:
            lyrics.append(Lyric(step=step, voice=singer, text=syllable, joined=joined))
    return lyrics
