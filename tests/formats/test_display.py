"""What notebooks show of a chorale, and what without the libraries."""

from __future__ import annotations

import base64
import io
import re
import sys
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from strategies import chorales, little_chorale

from chorale.errors import UsageError
from chorale.formats.display import MOST_BARS, html_of, mp3_of
from chorale.music.score import Chorale


def embedded(html: str, media_type: str) -> list[bytes]:
    found = re.findall(rf'src="data:{re.escape(media_type)};base64,([^"]*)"', html)
    return [base64.b64decode(data) for data in found]


def test_a_chorale_shows_its_score_and_plays() -> None:
    html = little_chorale()._repr_html_()
    (picture,) = embedded(html, "image/svg+xml")
    assert picture.count(b"glyph-E0A4") > 40  # black noteheads
    (clip,) = embedded(html, "audio/mpeg")
    sound, rate = soundfile.read(io.BytesIO(clip))
    assert rate == 22_050
    assert 13 < len(sound) / rate < 25  # 16 quarters, fermatas and reverberation
    assert np.abs(sound).max() > 0.3
    assert len(clip) < 5_000 * len(sound) / rate
    assert "A minor, 4/4, 5 bars" in html


def test_labels_are_drawn_and_sound_can_be_left_out() -> None:
    html = html_of(little_chorale(), [(8, "model")], sound=False)
    (picture,) = embedded(html, "image/svg+xml")
    assert ">model<" in picture.decode()
    assert "<audio" not in html


@settings(max_examples=5)
@given(chorales())
def test_any_chorale_can_be_shown(chorale: Chorale) -> None:
    html = html_of(chorale, sound=False)
    assert fromstring(html.replace("&nbsp;", " ").replace('">', '"/>', 1)) is not None


def test_a_silent_chorale_can_be_shown() -> None:
    assert "<audio" in Chorale(pitches=np.zeros((16, 4), int))._repr_html_()


def test_a_long_piece_is_shown_in_part() -> None:
    long = Chorale(pitches=np.full((16 * (MOST_BARS + 8), 4), 60))
    html = html_of(long, sound=False)
    assert f"40 bars, the first {MOST_BARS} bars" in html
    (picture,) = embedded(html, "image/svg+xml")
    assert picture.count(b"#glyph-E0A2") == 4 * MOST_BARS  # whole notes


def test_markup_in_a_title_is_text() -> None:
    html = html_of(little_chorale(title='"><script>1</script>'), sound=False)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("missing", "kept"), [("verovio", "<audio"), ("soundfile", "<img")]
)
def test_without_a_library_the_rest_is_shown(
    monkeypatch: pytest.MonkeyPatch, missing: str, kept: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    html = little_chorale()._repr_html_()
    assert kept in html
    assert ("<audio" in html) + ("<img" in html) == 1
    assert "A minor, 4/4, 5 bars" in html


def test_an_unknown_instrument_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="kazoo"):
        mp3_of(little_chorale(), "kazoo")
