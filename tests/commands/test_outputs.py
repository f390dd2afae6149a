"""Reports on chorales drawn to choose from."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from strategies import little_chorale

from chorale.commands.outputs import (
    Destination,
    choice_blocks,
    parse_formats,
    write_best,
)
from chorale.errors import MissingExtraError
from chorale.music.lyrics import Lyric
from chorale.music.score import Chorale
from chorale.sampling.best_of import Candidate
from chorale.sampling.log_ratio import summary_of
from chorale.utils.reports import Table


def test_a_report_has_a_table_for_each_file() -> None:
    candidate = Candidate(
        chorale=Chorale(pitches=np.array([[72, 67, 64, 48]])),
        ends_well=True,
        findings={"crossing": 2, "overlap": 1},
        nats_per_note=0.25,
        rules=7.25,
        typicality=0.5,
        styles={"bass_returns": 1.0, "phrase_ends_none": 2.25},
        log_ratio=-1.5,
        terms={"bass_leaps": -1.25, "bass_returns": 0.5, "passing_tones": -0.5},
    )
    blocks = choice_blocks({"one": [candidate, candidate], "two": [candidate]})
    tables = [block for block in blocks if isinstance(block, Table)]
    assert [len(table.rows) for table in tables] == [2, 1]
    row = ("1", "yes", "0.250", "0.50", "7.2", "3.2", "-1.5", "12.5")
    least = f"-1.2 {summary_of('bass_leaps')}; -0.5 {summary_of('passing_tones')}"
    assert tables[0].rows[0] == (*row, "2 crossing, 1 overlap", least)


def test_lyrics_that_are_lost_are_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    destination = Destination(
        output=tmp_path, formats="csv,musicxml", instrument="choir", best_of=1,
        report=None,
    )  # fmt: skip
    lyrics = (Lyric(step=0, voice=0, text="Wake"),)
    write_best(destination, ["a", "b"], [little_chorale(lyrics=lyrics)] * 2)
    assert capsys.readouterr().err == "note: CSV holds no lyrics\n"
    write_best(destination, ["c"], [little_chorale()])
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("missing", "formats"), [("verovio", "midi,svg"), ("resvg_py", "png")]
)
def test_formats_without_their_extra_are_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, missing: str, formats: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"--format \w+ needs .*\[score\]"):
        parse_formats(formats)
    assert parse_formats("midi,csv") == [".mid", ".csv"]
