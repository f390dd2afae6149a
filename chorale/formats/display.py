"""A chorale as HTML that shows and plays it, for notebooks."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from contextlib import suppress
from html import escape

from chorale.errors import ChoraleError
from chorale.formats.audio import SAMPLE_RATE, render
from chorale.formats.engraving import EngravingOptions, engrave
from chorale.music.score import Chorale
from chorale.utils.arrays import FloatArray

MOST_BARS = 32  # that are shown and played
_OPTIONS = EngravingOptions(width=960, scale=0.9, background="white", named=False)
_QUALITY = 0.85  # from 0, the best, to 1, the smallest: 4 kB a second of an organ


def html_of(
    chorale: Chorale,
    labels: Iterable[tuple[int, str]] = (),
    *,
    sound: bool = True,
    instrument: str = "organ",
) -> str:
    """Return a chorale as HTML: its score, a line on what it is, and a player.

    The picture is SVG and the sound MP3, both within the text. Of a long piece the
    first bars are shown. What cannot be made, for want of a library, is left out.

    Args:
        chorale: any.
        labels: steps, and what stands there under the score.
        sound: whether there is a player.
        instrument: which plays, see `chorale.music.voices.INSTRUMENTS`.

    Raises:
        UsageError: there is no such instrument.
    """
    bars = chorale.written_bars()
    shown = chorale
    if len(bars) > MOST_BARS:
        shown = chorale.excerpt(0, bars[MOST_BARS].start)
    name = escape(chorale.description)
    parts = []
    with suppress(ChoraleError):
        (picture,) = engrave(shown, _OPTIONS, labels)
        source = _embedded(picture.encode(), "image/svg+xml")
        parts.append(f'<img src="{source}" alt="The score of {name}">')
    more = f", the first {MOST_BARS} bars" if shown is not chorale else ""
    parts.append(f"<div>{name}{more}</div>")
    if sound:
        with suppress(ImportError, OSError):
            parts.append(player(mp3_of(shown, instrument)))
    return "<div>" + "\n".join(parts) + "</div>"


def player(mp3: bytes) -> str:
    """Return HTML that plays a sound."""
    return f'<audio controls src="{_embedded(mp3, "audio/mpeg")}"></audio>'


def mp3_of(chorale: Chorale, instrument: str = "organ") -> bytes:
    """Return the sound of a chorale as MP3: mono, 22 kHz, about 4 kB a second.

    Raises:
        ImportError, OSError: soundfile, or the library that it needs, is missing.
        UsageError: there is no such instrument.
    """
    stereo = render(chorale, instrument)
    pairs = stereo[: len(stereo) // 2 * 2].mean(axis=1).reshape(-1, 2)
    return to_mp3(pairs.mean(axis=1), SAMPLE_RATE // 2)


def to_mp3(sound: FloatArray, rate: int) -> bytes:
    """Return mono sound as MP3, small rather than good.

    Args:
        sound: float array (samples,) from -1 to 1.
        rate: samples per second.

    Raises:
        ImportError, OSError: soundfile, or the library that it needs, is missing.
    """
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, sound, rate, format="MP3", compression_level=_QUALITY)
    return file.getvalue()


def _embedded(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
