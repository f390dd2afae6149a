"""What a judgement says in words, figures and pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from chorale.commands.outputs import choice_blocks
from chorale.corpus.loading import load_corpus
from chorale.evaluation.judgement import Judgement, judge
from chorale.evaluation.pictures import distances_picture, piano_roll_picture
from chorale.evaluation.report import report_blocks
from chorale.evaluation.style import FEATURES, Window
from chorale.evaluation.tables import (
    against_table,
    distances_table,
    judgement_blocks,
    memory_table,
    rules_table,
    shares_table,
)
from chorale.music.score import Chorale
from chorale.sampling.best_of import Candidate
from chorale.utils.reports import Heading, Picture, Table

PNG = b"\x89PNG\r\n\x1a\n"
DULL = Chorale(pitches=np.repeat([[72, 67, 64, 48]], 96, axis=0))


@pytest.fixture(scope="module")
def judged() -> Judgement:
    """Return two chorales of Bach's and two made of one chord, judged."""
    corpus = load_corpus(splits=("train", "valid"))
    dull = [Window(DULL, 32, f"dull {index}") for index in range(2)]
    bach = [Window(piece, 32, piece.source) for piece in corpus.valid[:2]]
    return judge(dull, others=bach, floor=bach, train=corpus.train[:30])


def cells(table: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


def test_each_feature_has_a_row_in_its_unit(judged: Judgement) -> None:
    table = distances_table(judged)
    assert table.header[1:] == ("samples", "Bach", "train", "n-gram")
    assert len(table.rows) == len(FEATURES)
    texture = cells(table)["texture (voices)"]
    distance = judged.rows["samples"].distances["texture"]
    assert texture[0].startswith(f"{distance.value:.3f} ± ")
    # Nobody attacks while the chord stands, and so it is told from Bach.
    assert texture[0].endswith(" *") and not texture[1].endswith(" *")
    # Without a fermata there is no phrase to compare.
    assert cells(table)["cadence basses (share)"][0] == "-"


def test_what_stands_against_the_samples_is_a_column_and_a_table(
    judged: Judgement,
) -> None:
    heading = Heading("Samples against others")
    assert heading not in judgement_blocks(judged, "dull")
    corpus = load_corpus(splits=("train", "valid"))
    bach = [Window(piece, 32, piece.source) for piece in corpus.valid[:2]]
    rest = {"others": bach, "floor": bach, "train": corpus.train[:30]}
    dull = [replace(one, chorale=DULL, group=one.group) for one in bach]
    against = judge(dull, against={"other ways": bach}, **rest)
    header = ("feature (unit)", "samples", "other ways", "Bach", "train", "n-gram")
    assert distances_table(against).header == header
    blocks = report_blocks(against, dull, "dull")
    table = against_table(against)
    assert heading in blocks and table in blocks
    assert table.header[1:] == ("against other ways",)
    assert cells(table)["texture (voices)"][0].endswith(" *")
    assert cells(table)["phrase lengths (quarters)"][0] == "-"
    pictures = [block for block in blocks if isinstance(block, Picture)]
    assert all(one.png.startswith(PNG) for one in pictures)
    turned = against_table(judge(bach, against={"dull": dull}, **rest))
    assert cells(turned)["texture (voices)"][0].endswith(" **")


def test_rules_without_any_opportunity_are_left_out(judged: Judgement) -> None:
    rows = cells(rules_table(judged))
    assert "augmented-leap" not in rows
    assert rows["parallel-fifths"][0] == "-"  # nothing moves
    tally = judged.rows["bach"].rules["overlap"]
    assert rows["overlap"][1] == f"{tally.per_thousand:.1f}"


def test_shares_are_in_percent(judged: Judgement) -> None:
    rows = cells(shares_table(judged))
    assert rows["on a triad over its root"][0] == "100.0"
    assert rows["by an authentic or plagal bass step"][0] == "0.0"


def test_train_has_nothing_to_copy_from(judged: Judgement) -> None:
    rows = cells(memory_table(judged))
    assert {row[2] for row in rows.values()} == {"-"}
    assert rows["windows of 4 beats (%)"][0] == "-"  # in none does anything move
    assert rows["longest run of all (beats)"][0] == "0.0"


def test_a_report_adds_pictures(judged: Judgement) -> None:
    chord = np.repeat([[72, 67, 64, 48]], 96, axis=0)
    samples = [Window(Chorale(pitches=chord, title="Dull"), 32, "dull")] * 5
    blocks = report_blocks(judged, samples, "mine")
    pictures = [block for block in blocks if isinstance(block, Picture)]
    assert len(pictures) == 2 + len(FEATURES) + 3
    assert [one.caption for one in pictures[-3:]] == ["Dull"] * 3
    assert all(one.png.startswith(PNG) for one in pictures)
    assert blocks[: len(judgement_blocks(judged, "mine"))] == judgement_blocks(
        judged, "mine"
    )
    distances = next(one for one in pictures if one.caption == "How far from train")
    assert distances.png == distances_picture(judged)  # to the byte


def test_a_piano_roll_shows_its_chorale() -> None:
    (piece, other, *_) = load_corpus(splits=("valid",)).valid
    assert piano_roll_picture(piece) != piano_roll_picture(other)
    assert piano_roll_picture(piece) != piano_roll_picture(piece, 32)


def test_what_was_drawn_is_told_by_file() -> None:
    candidate = Candidate(
        chorale=Chorale(pitches=np.array([[72, 67, 64, 48]])),
        ends_well=True,
        findings={"crossing": 2, "overlap": 1},
        nats_per_note=0.25,
        rules=7.25,
        typicality=0.5,
    )
    blocks = choice_blocks({"one": [candidate, candidate], "two": [candidate]})
    tables = [block for block in blocks if isinstance(block, Table)]
    assert [len(table.rows) for table in tables] == [2, 1]
    row = ("1", "yes", "0.250", "0.50", "7.2", "7.8", "2 crossing, 1 overlap")
    assert tables[0].rows[0] == row
