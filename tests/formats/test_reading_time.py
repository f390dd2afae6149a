"""The time that hostile files take: it grows no faster than their length."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.formats.files import read_line

SECONDS = 4.0  # of the processor; where time grows faster it is a minute and more
HEADER = "X:1\nL:1/16\nK:C\n"
SCORE = """<score-partwise><work><work-title>{title}</work-title></work><part-list>
<score-part id="P1"><part-name>{name}</part-name></score-part></part-list><part id="P1">
<measure number="1"><attributes><divisions>1</divisions></attributes><note><pitch>
<step>C</step><octave>5</octave></pitch><duration>4</duration></note></measure></part>
</score-partwise>"""


def midi(notes: int) -> bytes:
    """Return a file with so many notes that begin at once and never end."""
    track = b"".join(bytes([0, 0x90, 20 + n % 80, 64]) for n in range(notes))
    track += b"\x60\x80\x14\x40\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


FILES = {
    "spaces.musicxml": SCORE.format(title="a" + " " * 200_000 + "b", name="Soprano"),
    "name.musicxml": SCORE.format(title="a", name="a" + " " * 200_000 + "b"),
    "fields.abc": f"{HEADER}{'[A:' * 100_000}\n\nC D |\n",
    "tempo.abc": f"X:1\nQ:{'1/4 ' * 20_000}\nL:1/16\nK:C\nCDEF|\n",
    "tempo-spaces.abc": f"X:1\nQ:1/4{' ' * 100_000}x\nL:1/16\nK:C\nCDEF|\n",
    "held.krn": f"**kern\t**text\n4c\ta{'_' * 100_000}b\n*-\t*-\n",
    "chord.mid": midi(40_000),
}


@pytest.mark.parametrize("name", FILES)
def test_time_is_in_proportion_to_length(tmp_path: Path, name: str) -> None:
    path, content = tmp_path / name, FILES[name]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    began = time.process_time()
    try:
        read_line(path, 0)
    except DataError as error:
        assert len(str(error)) < 500
    assert time.process_time() - began < SECONDS


def test_white_space_that_breaks_a_line_is_one_space(tmp_path: Path) -> None:
    path = tmp_path / "a.musicxml"
    path.write_text(SCORE.format(title=" a  b \n\t c ", name="Soprano"), "utf-8")
    assert read_line(path, 0).chorale.title == "a  b c"
