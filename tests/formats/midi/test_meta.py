"""Meta events of MIDI files, as they are read."""

from __future__ import annotations

from pathlib import Path

from strategies import little_chorale

from chorale.formats.midi.events import read_events
from chorale.formats.midi.meta import read_bars
from chorale.formats.midi.tracks import read_parts
from chorale.formats.midi.writer import write_midi
from chorale.music.metre import Metre


def test_a_metre_after_the_end_is_left_out(tmp_path: Path) -> None:
    chorale = little_chorale()
    metres = (*chorale.metres, Metre(3, 4, chorale.steps - 4))
    write_midi(little_chorale(metres=metres), tmp_path / "a.mid")
    metas = read_parts(read_events((tmp_path / "a.mid").read_bytes())).metas
    whole, *_ = read_bars(metas, chorale.steps, chorale.steps)
    assert whole == metres
    cut, bars, _ = read_bars(metas, 20, 20)
    assert cut == chorale.metres and len(bars) == 20
