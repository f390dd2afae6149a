"""A chorale as HTML that shows and plays it, for notebooks."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from html import escape

from chorale.errors import ChoraleError
from chorale.formats.audio import SAMPLE_RATE, render
from chorale.formats.engraving import EngravingOptions, engrave
from chorale.music.score import Chorale

MOST_BARS = 32  # that are shown and played
_OPTIONS = EngravingOptions(width=960, scale=0.9, background="white")
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
    name = escape(description(chorale))
    parts = []
    try:
        (picture,) = engrave(shown, _OPTIONS, labels)
        source = _embedded(picture.encode(), "image/svg+xml")
        parts.append(f'<img src="{source}" alt="The score of {name}">')
    except ChoraleError:
        pass  # the description says what it is
    more = f", the first {MOST_BARS} bars" if shown is not chorale else ""
    parts.append(f"<div>{name}{more}</div>")
    if sound:
        try:
            clip = _embedded(mp3_of(shown, instrument), "audio/mpeg")
            parts.append(f'<audio controls src="{clip}"></audio>')
        except (ImportError, OSError):
            pass
    return "<div>" + "\n".join(parts) + "</div>"


def description(chorale: Chorale) -> str:
    """Return what a chorale is in a line of text: title, key, metre, length."""
    title, source = chorale.title.strip(), chorale.source.strip()
    name = f"{title} ({source})" if title and source else title or source or "Chorale"
    bars = len(chorale.written_bars())
    facts = [
        chorale.key.name if chorale.key else "",
        chorale.metre.name,
        f"{bars} bar" + "s" * (bars != 1),
    ]
    return ", ".join(filter(None, (name, *facts)))


def mp3_of(chorale: Chorale, instrument: str = "organ") -> bytes:
    """Return the sound of a chorale as MP3: mono, 22 kHz, about 4 kB a second.

    Raises:
        ImportError, OSError: soundfile, or the library that it needs, is missing.
        UsageError: there is no such instrument.
    """
    import soundfile

    stereo = render(chorale, instrument)
    pairs = stereo[: len(stereo) // 2 * 2].mean(axis=1).reshape(-1, 2)
    file = io.BytesIO()
    soundfile.write(
        file,
        pairs.mean(axis=1),
        SAMPLE_RATE // 2,
        format="MP3",
        compression_level=_QUALITY,
    )
    return file.getvalue()


def _embedded(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
