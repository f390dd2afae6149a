"""Infilling: given cells are unchanged, the others follow the model."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeInfiller, UniformInfiller, independent_infiller, wide_cells
from strategies import little_chorale

from chorale.encoding.cells import CellVocabulary
from chorale.errors import DataError, UsageError
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.sampling.fragments import Fragment, extend_to_onsets
from chorale.sampling.gibbs import InfillingOptions, hidden_shares, infill
from chorale.voice_leading.checking import rates
from chorale.voice_leading.faults import EXACT_RULES

# Two notes, each held or attacked; silence is never drawn.
TOY = CellVocabulary(
    encoding="hold", lowest=60, highest=61, ranges=((60, 61),) * VOICES
)
PLAIN = InfillingOptions(top_p=1.0, rules="off", rounds=8)
ANCESTRAL = InfillingOptions(top_p=1.0, rules="off", method="ancestral")
PIECE = little_chorale()


def soprano_of(chorale: Chorale) -> Fragment:
    given = np.zeros(chorale.pitches.shape, bool)
    given[:, 0] = True
    return Fragment(chorale, given)


def nothing_of(steps: int) -> Fragment:
    return Fragment(
        Chorale(pitches=np.full((steps, VOICES), 60)), np.zeros((steps, VOICES), bool)
    )


# === Options and the schedule ===


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "magic"}, "a method out of gibbs, ancestral, got 'magic'"),
        ({"rounds": 0}, "rounds of at least 1, got 0"),
        ({"temperature": 0.0}, "temperature above 0"),
        ({"rules": "some"}, "rules out of off, lenient, strict"),
    ],
)
def test_options_that_make_no_sense(values: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        InfillingOptions(**values)


def test_every_round_hides_fewer_until_few_are_left() -> None:
    shares = hidden_shares(20)
    # max(0.05, 0.9 - n 0.85 / (0.85 · 20)), and all at first.
    assert shares[:3] == pytest.approx([1, 0.85, 0.8])
    assert shares[16] == pytest.approx(0.1)
    assert shares[17:] == pytest.approx(0.05)
    assert hidden_shares(1).tolist() == [1.0]


# === Distributions ===


@pytest.mark.parametrize("options", [PLAIN, ANCESTRAL], ids=["gibbs", "ancestral"])
def test_cells_are_drawn_as_often_as_they_are_likely(options: InfillingOptions) -> None:
    # Attacked notes alone have these probabilities.
    infiller = independent_infiller(TOY, np.array([0.2, 0, 0, 0.2, 0.6]))
    pieces = infill(infiller, [nothing_of(16)] * 16, options)
    assert all(piece.onsets.all() for piece in pieces)
    share = np.mean([piece.pitches == 61 for piece in pieces])
    assert share == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize("method", ["gibbs", "ancestral"])
def test_neighbours_agree_as_the_model_has_them(method: str) -> None:
    # A chain of two attacked notes that repeats its note nine times in ten.
    table = np.zeros((VOICES, TOY.size, TOY.size))
    table[:, :, 3:] = [0.5, 0.5]
    table[:, 3, 3:] = [0.9, 0.1]
    table[:, 4, 3:] = [0.1, 0.9]
    first = np.zeros((VOICES, TOY.size))
    first[:, 3:] = 0.5
    infiller = FakeInfiller(TOY, first, table)
    options = InfillingOptions(top_p=1.0, rules="off", rounds=16, method=method)
    pieces = infill(infiller, [nothing_of(12)] * 24, options)
    same = [np.diff(piece.pitches, axis=0) == 0 for piece in pieces]
    # Drawn at once, in a single round, they would agree half of the time.
    assert np.mean(same) == pytest.approx(0.9, abs=0.05)


class Reader(UniformInfiller):
    """Records its inputs, and predicts held notes."""

    def __init__(self, vocabulary: CellVocabulary) -> None:
        super().__init__(vocabulary)
        self.shown: list[tuple[np.ndarray, np.ndarray]] = []

    def logits(self, cells, visible, plan):  # type: ignore[no-untyped-def]
        self.shown.append((np.array(cells), visible))
        logits = super().logits(cells, visible, plan)
        struck = ~visible[..., None] & self.vocabulary.onsets
        return np.where(struck, np.float32(-99), logits)


@pytest.mark.parametrize("method", ["gibbs", "ancestral"])
def test_a_note_that_is_held_after_another_is_struck(method: str) -> None:
    reader = Reader(TOY)
    options = InfillingOptions(top_p=1.0, rules="off", rounds=8, method=method)
    (piece,) = infill(reader, [nothing_of(16)], options)
    changed = np.diff(piece.pitches, axis=0) != 0
    assert np.array_equal(piece.onsets[1:], changed)
    assert piece.onsets[0].all()
    # And so are the cells that the model reads, where both notes are visible.
    for cells, visible in reader.shown[1:]:
        pitches, struck = TOY.pitches[cells], TOY.onsets[cells]
        assert struck[:, 0][visible[:, 0]].all()
        both = visible[:, 1:] & visible[:, :-1]
        assert np.array_equal(
            struck[:, 1:][both], (np.diff(pitches, axis=1) != 0)[both]
        )
        assert not struck[:, 1:][~visible[:, :-1] & visible[:, 1:]].any()


def test_temperature_and_top_p_arrive() -> None:
    infiller = independent_infiller(TOY, np.array([0, 0, 0, 0.4, 0.6]))
    for values in ({"temperature": 0.01}, {"top_p": 0.5}, {"top_k": 1}):
        options = InfillingOptions(rules="off", rounds=2, **values)
        (piece,) = infill(infiller, [nothing_of(8)], options)
        assert (piece.pitches == 61).all()


# === Pieces ===


@pytest.mark.parametrize("method", ["gibbs", "ancestral"])
@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_given_cells_stay_and_the_others_are_in_range(
    method: str, encoding: str
) -> None:
    infiller = UniformInfiller(wide_cells(encoding))
    piece = PIECE.opening(24)
    given = np.random.default_rng(0).random(piece.pitches.shape) < 0.5
    options = InfillingOptions(method=method, rounds=4)
    (written,) = infill(infiller, [Fragment(piece, given)], options)
    given = extend_to_onsets(given, piece)
    assert np.array_equal(written.pitches[given], piece.pitches[given])
    assert np.array_equal(written.onsets[given], piece.onsets[given])
    assert (written.pitches != piece.pitches)[~given].mean() > 0.5
    lowest, highest = np.array(infiller.vocabulary.ranges).T
    outside = (written.pitches < lowest) | (written.pitches > highest)
    assert not (outside & ~given).any()
    assert np.array_equal(written.fermatas, piece.fermatas)
    assert (written.key, written.title, written.metres) == (
        *(piece.key, piece.title, piece.metres),
    )


def test_infilled_pieces_do_not_depend_on_their_batch() -> None:
    infiller = UniformInfiller(wide_cells())
    short, long = soprano_of(PIECE.opening(16)), soprano_of(PIECE)
    for options in (InfillingOptions(rounds=3), ANCESTRAL):
        alone = infill(infiller, [short], options)
        beside = infill(infiller, [short, long, short], options)
        assert beside[0] == alone[0] != beside[2]
        assert beside[1].steps == PIECE.steps
    many = infill(infiller, [short] * 40, InfillingOptions(rounds=1))
    assert many[0] == infill(infiller, [short], InfillingOptions(rounds=1))[0]
    assert len({piece.pitches.tobytes() for piece in many}) == 40


def test_another_random_state_writes_another_piece() -> None:
    infiller = UniformInfiller(wide_cells())
    first, same, changed = (
        infill(
            infiller,
            [soprano_of(PIECE)],
            InfillingOptions(rounds=2, random_state=state),
        )[0]
        for state in (1, 1, 2)
    )
    assert first == same != changed


def test_rules_are_kept_between_what_is_written_and_what_is_given() -> None:
    infiller = UniformInfiller(wide_cells())
    fragment = soprano_of(PIECE)
    broken = {}
    for rules in ("off", "lenient", "strict"):
        options = InfillingOptions(rules=rules, rounds=16)
        tallies = rates(infill(infiller, [fragment] * 2, options), rules=EXACT_RULES)
        broken[rules] = sum(tally.findings for tally in tallies.values())
    assert broken["off"] > 200 > 20 > broken["lenient"]
    assert broken["strict"] < 20


def test_progress_counts_rounds() -> None:
    calls: list[tuple[int, int]] = []
    infiller = UniformInfiller(wide_cells())
    fragments = [nothing_of(2)] * 17
    infill(
        infiller,
        fragments,
        InfillingOptions(rounds=2),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    calls.clear()
    infill(
        infiller,
        fragments[:1],
        ANCESTRAL,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls[-1] == (8, 8) and len(calls) == 8


def test_a_round_that_hides_nothing_does_not_call_the_model() -> None:
    reader = Reader(wide_cells())
    given = np.ones(PIECE.pitches.shape, bool)
    given[0, 1] = False
    piece = PIECE.opening(1)
    infill(reader, [Fragment(piece, given[:1])], InfillingOptions(rounds=20))
    assert 1 <= len(reader.shown) < 20
    assert infill(reader, []) == []


def test_what_cannot_be_written_is_refused() -> None:
    infiller = UniformInfiller(wide_cells())
    given = np.ones(PIECE.pitches.shape, bool)
    with pytest.raises(UsageError, match="leaves nothing to write"):
        infill(infiller, [Fragment(PIECE, given)])
    # A note held beyond the masked cells is given from its onset.
    tied = Chorale(pitches=np.full((8, VOICES), 60))
    given = np.arange(8)[:, None] >= 4
    with pytest.raises(UsageError, match="leaves nothing to write"):
        infill(infiller, [Fragment(tied, np.broadcast_to(given, (8, VOICES)))])
    with pytest.raises(DataError, match="the soprano's A6 in bar 0 is outside"):
        infill(infiller, [soprano_of(PIECE.transpose(24))])
    # What is not given is not read.
    high = np.array(PIECE.pitches)
    high[:, 1] = 127
    onsets = np.array(PIECE.onsets)
    onsets[:, 1] = True
    infill(
        infiller,
        [soprano_of(Chorale(pitches=high, onsets=onsets))],
        InfillingOptions(rounds=1),
    )
