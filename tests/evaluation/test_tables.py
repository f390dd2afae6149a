"""A judgement as tables and plots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bach import few_chorales

from chorale.evaluation.judgement import JudgedSets, Judgement, judge
from chorale.evaluation.pictures import distances_picture, piano_roll_picture
from chorale.evaluation.report import report_blocks
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.windows import Window
from chorale.evaluation.tables import (
    copying_table,
    distances_table,
    judgement_blocks,
    measures_table,
    rules_table,
    shares_table,
    variants_table,
)
from chorale.music.score import Chorale
from chorale.utils.reports import Heading, Items, Paragraph, Picture, Table
from chorale.voice_leading.checking import Tally

PNG = b"\x89PNG\r\n\x1a\n"
DULL = Chorale(pitches=np.repeat([[72, 67, 64, 48]], 96, axis=0))


@pytest.fixture(scope="module")
def sets() -> JudgedSets:
    """Return two chorales by Bach, and two made of one chord in their place."""
    corpus = few_chorales()
    bach = [Window(piece, 32, piece.source) for piece in corpus.valid[:2]]
    dull = [replace(window, chorale=DULL) for window in bach]
    return JudgedSets(samples=dull, bach=bach, ngram=bach, train=corpus.train)


@pytest.fixture(scope="module")
def more() -> JudgedSets:
    """Return sets of five chorales, enough for intervals."""
    corpus = few_chorales()
    bach = [Window(piece, 32, piece.source) for piece in corpus.valid[:5]]
    dull = [replace(window, chorale=DULL) for window in bach]
    return JudgedSets(samples=dull, bach=bach, ngram=bach, train=corpus.train)


@pytest.fixture(scope="module")
def judged(sets: JudgedSets) -> Judgement:
    return judge(sets)


def cells(table: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in table.rows}


def test_each_feature_has_a_row_in_its_unit(more: JudgedSets) -> None:
    judged = judge(more)
    table = distances_table(judged)
    assert table.header[1:] == ("samples", "Bach", "train", "n-gram")
    assert len(table.rows) == len(FEATURES)
    texture = cells(table)["texture (voices)"]
    distance = judged.metrics["samples"].distances["texture"]
    assert texture[0].startswith(f"{distance.value:.3f} ± ")
    # The held chord has no onsets, unlike Bach.
    assert texture[0].endswith(" *") and not texture[1].endswith(" *")
    # Without a fermata there is no phrase to compare.
    assert cells(table)["cadence basses (share)"][0] == "-"


def test_a_variant_is_a_column_and_a_table(more: JudgedSets, judged: Judgement) -> None:
    heading = Heading("Samples against variants")
    assert heading not in judgement_blocks(judged, "dull")
    against = judge(replace(more, variants={"other way": more.bach}))
    header = ("feature (unit)", "samples", "other way", "Bach", "train", "n-gram")
    assert distances_table(against).header == header
    blocks = judgement_blocks(against, "dull")
    table = variants_table(against)
    assert heading in blocks and table in blocks
    assert table.header[1:] == ("against other way",)
    assert cells(table)["texture (voices)"][0].endswith(" *")
    assert cells(table)["phrase lengths (quarters)"][0] == "-"
    assert distances_picture(against).startswith(PNG)
    turned = replace(more, samples=more.bach, variants={"dull": more.samples})
    nearer = variants_table(judge(turned))
    assert cells(nearer)["texture (voices)"][0].endswith(" **")


def test_rules_without_any_opportunity_are_left_out(judged: Judgement) -> None:
    silent = {
        name: replace(metrics, rules=metrics.rules | {"spacing": Tally()})
        for name, metrics in judged.metrics.items()
    }
    assert "spacing" not in cells(rules_table(replace(judged, metrics=silent)))
    rows = cells(rules_table(judged))
    assert rows["parallel-fifths"][0] == "-"  # nothing moves
    tally = judged.metrics["bach"].rules["overlap"]
    assert rows["overlap"][1] == f"{tally.per_thousand:.1f}"


def test_rates_have_a_signed_difference(judged: Judgement) -> None:
    table = measures_table(judged, ["bass_returns", "half_beats", "clashes"])
    assert table.header[-1] == "samples - Bach"
    rows = cells(table)
    bach = judged.metrics["bach"].measures["half_beats"]
    # The held chord moves nowhere; two pieces are too few for an interval.
    moving = rows["half beats at which any voice moves"]
    assert (moving[0], moving[-1]) == ("0.0", f"{-100 * bach:+.1f}")
    assert rows["bass notes that return at once: A B A"][0] == "-"
    assert any("(per 100 quarters)" in label for label in rows)


def test_the_summary_precedes_all_tables(judged: Judgement) -> None:
    blocks = judgement_blocks(judged, "dull")
    assert isinstance(blocks[1], Paragraph)
    assert blocks[1].text.startswith("The pieces beside held-out")
    (sampled,) = judgement_blocks(judged, "dull", {"temperature": 0.8})[1:2]
    assert isinstance(sampled, Paragraph)
    assert sampled.text.startswith("Samples without their openings beside held-out")
    place = next(i for i, block in enumerate(blocks) if isinstance(block, Items))
    assert not any(isinstance(block, Table) for block in blocks[:place])
    assert any("Endings: 0 of 2" in text for text in blocks[place].texts)


def test_shares_are_in_percent(judged: Judgement) -> None:
    rows = cells(shares_table(judged))
    assert rows["final triad in root position"][0] == "100.0"
    assert rows["complete final cadence"][0] == "0.0"


def test_train_has_nothing_to_copy_from(judged: Judgement) -> None:
    rows = cells(copying_table(judged))
    assert {row[2] for row in rows.values()} == {"-"}
    assert rows["windows of 4 beats (%)"][0] == "-"  # in none does anything move
    assert rows["longest run, maximum (beats)"][0] == "0.0"


def test_a_report_adds_pictures(judged: Judgement) -> None:
    samples = [Window(replace(DULL, title="Dull"), 32, "dull")] * 5
    blocks = report_blocks(judged, samples, "mine")
    pictures = [block for block in blocks if isinstance(block, Picture)]
    assert len(pictures) == 2 + len(FEATURES) + 3
    assert [picture.caption for picture in pictures[-3:]] == ["Dull"] * 3
    assert all(picture.png.startswith(PNG) for picture in pictures)
    assert blocks[: len(judgement_blocks(judged, "mine"))] == judgement_blocks(
        judged, "mine"
    )
    distances = next(p for p in pictures if p.caption == "Distances from train")
    assert distances.png == distances_picture(judged)  # to the byte


def test_a_piano_roll_shows_its_chorale() -> None:
    piece, second, *_ = few_chorales().valid
    assert piano_roll_picture(piece) != piano_roll_picture(second)
    assert piano_roll_picture(piece) != piano_roll_picture(piece, 32)
