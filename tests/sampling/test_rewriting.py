"""Rewriting: a passage differs as asked, from what it was and between variations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from fakes import (
    UniformInfiller,
    independent_infiller,
    memoryless_predictor,
    piece,
    toy_vocabulary,
    uniform_predictor,
    wide_cells,
    wide_vocabulary,
)
from strategies import little_chorale

from chorale.encoding.cells import CellVocabulary
from chorale.errors import DataError, UsageError
from chorale.music.score import Chorale
from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR, VOICES
from chorale.sampling.best_of import Choice
from chorale.sampling.completion import Model, Options
from chorale.sampling.fragments import Fragment, extend_to_onsets
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.rewriting import (
    DISTANCE,
    JudgedChoice,
    rewrite,
    rewrite_passage,
    sentence_of,
)
from chorale.sampling.variations import Rewritten

INFILLER = UniformInfiller(wide_cells())
QUICK = InfillingOptions(rounds=2)
PIECE = little_chorale()
PREDICTOR = uniform_predictor(wide_vocabulary())
both_kinds = pytest.mark.parametrize(
    ("model", "options"),
    [(PREDICTOR, SamplingOptions(particles=2)), (INFILLER, QUICK)],
    ids=["next step", "infiller"],
)

# Models that would write next to nothing but C4, which a piece of C4 consists of.
_LIKELY = [0.0, 0.98, 0.01, 0.01]
_TOY = toy_vocabulary("pitch")
_CELLS = CellVocabulary(
    encoding="pitch", lowest=60, highest=62, ranges=((60, 62),) * VOICES
)
OPINIONATED = pytest.mark.parametrize(
    ("model", "options"),
    [
        (
            memoryless_predictor(_TOY, _LIKELY),
            SamplingOptions(rules="off", top_p=1, particles=2),
        ),
        (
            independent_infiller(_CELLS, np.array(_LIKELY)),
            InfillingOptions(rules="off", top_p=1, rounds=4),
        ),
    ],
    ids=["next step", "infiller"],
)
SAME = piece(64, 60)
BARS = [2, 3]


def share(first: Chorale, second: Chorale, bars: Sequence[int] = BARS) -> float:
    """Return the share of the cells of bars whose pitches differ."""
    cells = np.isin(first.bars, bars)
    return float((first.pitches != second.pitches)[cells].mean())


def rewritten(
    model: Model, given: Chorale, options: Options, **asked: object
) -> list[Rewritten]:
    passage = np.zeros(given.pitches.shape, bool)
    passage[np.isin(given.bars, BARS)] = True
    return rewrite_passage(model, Fragment(given, ~passage), options, **asked)  # type: ignore[arg-type]


# === How much differs ===


@OPINIONATED
@pytest.mark.parametrize("distance", [0.1, DISTANCE, 0.8, 1.0])
def test_as_much_differs_as_is_asked_for(
    model: Model, options: Options, distance: float
) -> None:
    given = repeated(SAME)
    (before,) = rewrite(model, given, options, bars=BARS, distance=0)
    assert share(before, given) < 0.1
    (after,) = rewrite(model, given, options, bars=BARS, distance=distance)
    assert share(after, given) >= distance
    kept = ~np.isin(given.bars, BARS)
    assert np.array_equal(after.pitches[kept], given.pitches[kept])
    assert np.array_equal(after.onsets[kept], given.onsets[kept])


@OPINIONATED
def test_variations_differ_from_one_another(model: Model, options: Options) -> None:
    given = repeated(SAME)
    found = rewritten(model, given, options, variations=4, best_of=2)
    pieces = [each.choice.chorale for each in found]
    for each in found:
        assert share(each.choice.chorale, given) == pytest.approx(each.changed)
        assert each.changed >= DISTANCE and each.reached
    for number, each in enumerate(found[1:], start=1):
        apart = [share(pieces[number], other) for other in pieces[:number]]
        assert each.apart == pytest.approx(min(apart))
    assert found[0].apart is None
    assert all(share(*pair) >= DISTANCE for pair in combinations(pieces, 2))
    (alone,) = rewritten(model, given, options, variations=1, best_of=2)
    assert alone.choice.chorale == pieces[0]


def repeated(given: Chorale) -> Chorale:
    """Return a piece in which every step is struck, so that none is tied on."""
    return replace(given, onsets=np.ones(given.pitches.shape, bool))


@both_kinds
def test_no_distance_draws_as_if_nothing_had_been_there(
    model: Model, options: Options
) -> None:
    other = replace(
        PIECE, pitches=np.where(np.isin(PIECE.bars, [2])[:, None], 60, PIECE.pitches)
    )
    asked = {"bars": [2], "variations": 2, "distance": 0}
    first, second = (
        rewrite(model, given, options, **asked)
        for given in (PIECE, replace(other, onsets=PIECE.onsets))
    )
    for one_piece, other_piece in zip(first, second, strict=True):
        np.testing.assert_array_equal(one_piece.pitches, other_piece.pitches)


@both_kinds
def test_where_there_is_no_alternative_it_is_said(
    model: Model, options: Options
) -> None:
    given = repeated(piece(64, 60))
    options = replace(options, ranges=((60, 60),) * VOICES)
    passage = np.zeros((64, VOICES), bool)
    passage[20, ALTO] = True
    fragment = Fragment(given, ~passage)
    first, second = rewrite_passage(model, fragment, options, variations=2)
    assert first.choice.chorale.pitches.tolist() == given.pitches.tolist()
    assert (first.changed, first.apart, first.reached) == (0, None, False)
    assert (second.changed, second.apart, second.reached) == (0, 0, False)
    assert sentence_of(first, DISTANCE) == (
        "changed 0 % of the 1 sixteenth of bar 2 (alto); no draft differs in the 40 % "
        "asked for"
    )


@OPINIONATED
def test_what_is_done_never_falls_when_drafts_are_drawn_again(
    model: Model, options: Options
) -> None:
    def calls(distance: float) -> list[tuple[int, int]]:
        made: list[tuple[int, int]] = []
        asked = {"variations": 2, "distance": distance}
        rewritten(
            model,
            repeated(SAME),
            options,
            progress=lambda *call: made.append(call),
            **asked,
        )
        return made

    once, often = calls(0), calls(0.8)
    assert once[-1][0] == once[-1][1] == len(once)
    # Drafts that avoid the piece little do not differ in 80 % of the cells.
    assert len(often) > len(once)
    assert [done for done, _ in often] == list(range(1, len(often) + 1))
    totals = [total for _, total in often]
    assert totals == sorted(totals) and totals[-1] == len(often)


@both_kinds
def test_one_short_note_becomes_another(model: Model, options: Options) -> None:
    given = repeated(piece(64, 60))
    keep = np.ones((64, VOICES), bool)
    keep[20, TENOR] = False
    pieces = rewrite(model, given, options, keep=keep, variations=3)
    notes = {60, *(int(each.pitches[20, TENOR]) for each in pieces)}
    assert len(notes) == 4


@both_kinds
def test_voices_that_were_silent_are_all_new(model: Model, options: Options) -> None:
    outer = np.array(PIECE.pitches)
    outer[:, [ALTO, TENOR]] = 0
    given = Chorale(pitches=outer)
    passage = np.tile(np.isin(range(VOICES), [ALTO, TENOR]), (given.steps, 1))
    for distance in (DISTANCE, 1.0):
        (each,) = rewrite_passage(
            model, Fragment(given, ~passage), options, distance=distance
        )
        assert each.changed == 1 and each.reached
        assert each.choice.chorale.pitches[:, [ALTO, TENOR]].all()


@both_kinds
def test_a_melody_may_be_rewritten(model: Model, options: Options) -> None:
    (again,) = rewrite(model, PIECE, options, voices=[SOPRANO], distance=0.5)
    changed = again.pitches != PIECE.pitches
    assert changed[:, SOPRANO].mean() >= 0.5 and not changed[:, 1:].any()


@pytest.mark.parametrize("distance", [-0.1, 1.01, 40, float("nan"), float("inf")])
def test_distances_that_make_no_sense(distance: float) -> None:
    with pytest.raises(UsageError, match="expected distance from 0 to 1, got"):
        rewrite(INFILLER, PIECE, QUICK, bars=[1], distance=distance)


# === Which of the drafts is kept ===


@OPINIONATED
def test_one_of_those_that_differ_enough_is_kept(
    model: Model, options: Options
) -> None:
    given, offered = repeated(SAME), []

    def choose(drafts: Sequence[Chorale]) -> Choice:
        offered.append(drafts)
        return Choice(drafts[-1])

    (each,) = rewritten(model, given, options, best_of=6, choose=choose)
    (drafts,) = offered
    assert each.choice.chorale is drafts[-1]
    assert all(share(draft, given) >= DISTANCE for draft in drafts)
    (every,) = rewritten(model, given, options, best_of=6, distance=0, choose=choose)
    assert len(offered[-1]) == 6 and every.reached


def test_the_judge_is_opened_once_and_only_to_rank() -> None:
    opened = []

    def load() -> object:
        opened.append(1)
        raise DataError("a note is outside")

    def choice(report: bool) -> JudgedChoice:
        return JudgedChoice(load, report=report)  # type: ignore[arg-type]

    alone = choice(False)
    assert alone([PIECE]).chorale is PIECE and not opened and alone.remarks == ()
    with pytest.raises(DataError):
        choice(True)([PIECE])
    assert opened


def test_a_passage_is_described_in_words() -> None:
    passage = np.zeros((64, VOICES), bool)
    passage[np.isin(PIECE.bars, [1, 3, 4])] = True
    made = Rewritten(
        choice=Choice(PIECE), passage=passage, changed=0.456, apart=0.5, reached=True
    )
    cells = int(passage.sum())
    assert sentence_of(made, 0.4) == (
        f"changed 46 % of the {cells} sixteenths of bars 1, 3-4, and 50 % or more from "
        "the variations before it"
    )


# === What stays ===


@both_kinds
def test_a_passage_is_rewritten_and_all_else_stays(
    model: Model, options: Options
) -> None:
    (written,) = rewrite(model, PIECE, options, bars=[2, 3], voices=[ALTO, TENOR])
    changed = written.pitches != PIECE.pitches
    steps, voices = np.nonzero(changed)
    assert set(PIECE.bars[steps]) == {2, 3} and set(voices) == {ALTO, TENOR}
    assert changed[np.isin(PIECE.bars, [2, 3])][:, [ALTO, TENOR]].mean() > 0.8
    assert written.title == PIECE.title and written.tempo == PIECE.tempo


@both_kinds
def test_kept_notes_last_as_long_as_before(model: Model, options: Options) -> None:
    pieces = rewrite(model, PIECE, options, bars=[2], variations=100)
    in_bar = np.flatnonzero(PIECE.bars == 2)
    for voice in range(VOICES):
        before = {note for note in PIECE.notes(voice) if note.end <= in_bar[0]}
        assert before
        for again in pieces:
            assert before <= set(again.notes(voice))


@both_kinds
def test_all_bars_or_all_voices_are_what_is_not_named(
    model: Model, options: Options
) -> None:
    (voice,) = rewrite(model, PIECE, options, voices=[BASS])
    assert (voice.pitches != PIECE.pitches).any(axis=0).tolist() == [False] * 3 + [True]
    (bar,) = rewrite(model, PIECE, options, bars=[0])
    assert set(PIECE.bars[(bar.pitches != PIECE.pitches).any(axis=1)]) == {0}
    assert (bar.pitches != PIECE.pitches).any(axis=0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bars": [5]}, r"bars from 0 to 4, of which 0 is the pickup, got 5"),
        ({"bars": [1, -1]}, "got -1"),
        ({"voices": [4]}, "voices from 0 to 3, got 4"),
        ({"bars": []}, "expected bars and voices to rewrite, got none"),
        ({"voices": []}, "expected bars and voices to rewrite, got none"),
        ({}, "which keeps nothing"),
        ({"bars": range(5), "voices": range(4)}, "which keeps nothing"),
        ({"bars": [1], "variations": 0}, "at least 1 variation"),
    ],
)
def test_passages_that_make_no_sense(options: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rewrite(INFILLER, PIECE, QUICK, **options)


def test_a_passage_of_notes_that_are_all_tied_on_leaves_nothing_to_write() -> None:
    held = Chorale(pitches=np.full((32, VOICES), 64))
    with pytest.raises(UsageError, match="leaves nothing to write"):
        rewrite(INFILLER, held, QUICK, bars=[1])


# === Cells that are kept ===


@both_kinds
def test_a_passage_of_any_form_is_rewritten(model: Model, options: Options) -> None:
    piece = PIECE
    keep = np.random.default_rng(3).random((64, 4)) < 0.5
    kept = extend_to_onsets(keep, piece)
    (again,) = rewrite(model, piece, options, keep=keep)
    np.testing.assert_array_equal(again.pitches[kept], piece.pitches[kept])
    np.testing.assert_array_equal(again.onsets[kept], piece.onsets[kept])
    assert (again.pitches != piece.pitches).any()


def test_kept_cells_are_within_bars_and_voices() -> None:
    piece = PIECE
    keep = np.zeros((64, 4), bool)
    keep[4:12] = True
    (again,) = rewrite(PREDICTOR, piece, bars=[1], voices=[1], keep=keep)
    changed = again.pitches != piece.pitches
    assert changed[12:20, 1].any()
    changed[12:20, 1] = False
    assert not changed.any()


def test_kept_cells_of_another_shape_or_of_all_are_refused() -> None:
    piece, model = PIECE, PREDICTOR
    with pytest.raises(UsageError, match=r"keep of shape \(64, 4\), got \(4, 64\)"):
        rewrite(model, piece, keep=np.ones((4, 64), bool))
    with pytest.raises(UsageError, match="to rewrite, got none"):
        rewrite(model, piece, keep=np.ones((64, 4), bool))
    with pytest.raises(UsageError, match="got all, which keeps nothing"):
        rewrite(model, piece, keep=np.zeros((64, 4), bool))


def test_a_passage_gets_more_particles_than_a_melody() -> None:
    def passage(options: SamplingOptions | None) -> Chorale:
        return rewrite(PREDICTOR, PIECE, options, bars=[2])[0]

    many = passage(SamplingOptions(particles=32))
    assert passage(None) == passage(SamplingOptions()) == many
    assert passage(SamplingOptions(particles=8)) != many
