"""Keys of phrase ends in the plan of a batch: where they stand, and what they leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from fakes import PLAIN, uniform_predictor, wide_vocabulary

from chorale.encoding.plan import key_value
from chorale.errors import UsageError
from chorale.models.critic.cadence_keys import (
    DEGREES_SHAPE,
    FOLLOWING_SHAPE,
    CadenceKeys,
)
from chorale.models.critic.events import TABLES
from chorale.models.critic.tables import Critic
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import BASS, SOPRANO, VOICES
from chorale.sampling import generate
from chorale.sampling.asked_plan import Ending
from chorale.sampling.batches import Batch, complete_in_batches
from chorale.sampling.cadence_keys import with_cadence_keys
from chorale.sampling.fragments import Fragment
from chorale.utils.arrays import BoolArray, IntArray

HOME, AWAY = Key("D", "major"), Key("A", "major")
ENDS = (32, 64, 96)  # of phrases, the last one that of the piece
FERMATA = 4  # steps
FEATURES = ("step", "key")


def keys(*numbers: int) -> CadenceKeys:
    """Return a chain of some keys in major, equally likely."""
    following = np.zeros(FOLLOWING_SHAPE, np.int64)
    following[0, :, list(numbers)] = 10**6
    return CadenceKeys(following, np.zeros(DEGREES_SHAPE, np.int64))


AWAY_ALWAYS = keys(7)


def chorale(
    ends: Sequence[int] = ENDS, key: Key | None = HOME, rest: int = 0
) -> Chorale:
    steps = ends[-1] + rest
    fermatas = np.zeros(steps, np.bool_)
    for end in ends:
        fermatas[end - FERMATA : end] = True
    pitches = np.full((steps, VOICES), [74, 66, 62, 50])
    pitches[steps - rest :] = 0
    return Chorale(pitches=pitches, onsets=pitches > 0, fermatas=fermatas, key=key)


def given(piece: Chorale, *, steps: int = 0, voices: Sequence[int] = ()) -> BoolArray:
    """Return which cells are given: an opening and whole voices."""
    found = np.zeros(piece.pitches.shape, np.bool_)
    found[:steps] = True
    found[:, list(voices)] = True
    return found


class Silent:
    """A sampler that draws nothing."""

    steps = 0

    def __init__(self, batch: Batch) -> None:
        self._batch = batch

    def run(self) -> Iterator[None]:
        yield from ()

    def drawn(self) -> IntArray:
        return self._batch.tokens


def named(
    fragments: Sequence[Fragment],
    drawn: CadenceKeys = AWAY_ALWAYS,
    *,
    first: int = 0,
    features: tuple[str, ...] = FEATURES,
) -> list[IntArray]:
    """Return the last feature of the plan of each piece."""
    (batch,) = batches_of(fragments, drawn, first=first, features=features)
    return [
        batch.plan[row, :steps, -1] for row, steps in enumerate(batch.lengths.tolist())
    ]


def batches_of(
    fragments: Sequence[Fragment],
    drawn: CadenceKeys = AWAY_ALWAYS,
    *,
    first: int = 0,
    features: tuple[str, ...] = FEATURES,
) -> list[Batch]:
    """Return the batches of some pieces, with keys of phrase ends."""
    predictor = replace(uniform_predictor(wide_vocabulary()), plan_features=features)
    batches: list[Batch] = []

    def keep(batch: Batch) -> Silent:
        batches.append(with_cadence_keys(batch, drawn, predictor.vocabulary, features))
        return Silent(batch)

    complete_in_batches(
        predictor, fragments, keep, size=16, random_state=3, first=first
    )
    return batches


def spans(values: IntArray, key: Key = AWAY) -> list[tuple[int, int]]:
    """Return from where to where the plan names a key."""
    edges = np.flatnonzero(np.diff(np.pad(values == key_value(key), 1))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_the_plan_names_a_key_before_each_fermata_but_the_last() -> None:
    piece = chorale()
    (values,) = named([Fragment(piece, given(piece))])
    assert spans(values) == [(32 - 16, 32), (64 - 16, 64)]
    assert spans(values, HOME) == [(0, 16), (32, 48), (64, 96)]


def test_rests_after_the_last_fermata_are_no_phrase() -> None:
    piece = chorale(rest=6)
    (values,) = named([Fragment(piece, given(piece))])
    assert spans(values)[-1] == (48, 64)
    piece = chorale(rest=32)
    (values,) = named([Fragment(piece, given(piece))])
    assert spans(values)[-1] == (80, 96)


def test_a_key_is_not_named_before_its_phrase() -> None:
    piece = chorale((32, 40, 96))
    (values,) = named([Fragment(piece, given(piece))])
    assert spans(values) == [(16, 40)]
    (values,) = named([Fragment(piece, given(piece))], keys(0, 7))
    assert {start for start, _ in spans(values)} <= {16, 32}


def test_given_steps_stay_as_they_are() -> None:
    piece = chorale()
    (values,) = named([Fragment(piece, given(piece, steps=30))])
    assert spans(values) == [(30, 32), (48, 64)]
    (values,) = named([Fragment(piece, given(piece, steps=40))])
    assert spans(values) == [(48, 64)]


def test_a_given_soprano_is_harmonized_in_other_keys_but_passages_are_not() -> None:
    piece = chorale()
    (values,) = named([Fragment(piece, given(piece, voices=[SOPRANO]))])
    assert len(spans(values)) == 2
    passage = ~given(piece)
    passage[40:70] = False
    for cells in (passage, given(piece, voices=[BASS]), given(piece, voices=[1])):
        assert spans(named([Fragment(piece, cells)])[0]) == []


def test_nothing_is_named_without_a_key_or_where_the_model_reads_none() -> None:
    piece = chorale(key=None)
    (values,) = named([Fragment(piece, given(piece))])
    assert not values.any()
    piece = chorale((96,))
    assert spans(named([Fragment(piece, given(piece))])[0]) == []
    piece = chorale()
    fragments = [Fragment(piece, given(piece))]
    (values,) = named(fragments, features=("key", "step"))
    assert (values == np.arange(piece.steps) % 16).all()
    (values,) = named(fragments, features=("step",))
    assert (values == np.arange(piece.steps) % 16).all()


def test_a_soprano_that_is_given_decides() -> None:
    """The same two notes are the end of a scale in one of two keys."""
    pitches = np.array(chorale().pitches)
    pitches[:28, SOPRANO], pitches[28:32, SOPRANO] = 80, 81  # to a
    pitches[32:60, SOPRANO], pitches[60:64, SOPRANO] = 73, 74  # to d
    piece = replace(chorale(), pitches=pitches)
    both = keys(0, 7)
    both.degrees[0, 9, 11, 0] = 10**6
    (values,) = named([Fragment(piece, given(piece, voices=[SOPRANO]))], both)
    assert spans(values) == [(16, 32)]


def test_keys_depend_on_the_stream_of_the_piece_alone() -> None:
    piece, other = chorale(), chorale((32, 48, 64, 128))
    fragment, beside = (Fragment(each, given(each)) for each in (piece, other))
    drawn = keys(0, 2, 5, 7, 9)
    many = named([fragment] * 8, drawn)
    assert len({values.tobytes() for values in many}) > 1
    assert (named([fragment], drawn)[0] == many[0]).all()
    assert (named([fragment, beside], drawn)[0] == many[0]).all()
    assert (named([fragment], drawn, first=2)[0] == many[2]).all()


@pytest.mark.parametrize(
    ("soprano", "closes"),
    [
        ([73, 74], True),
        ([76, 74], True),
        ([69, 74], False),  # in octaves with the bass
        ([71, 74], False),
        ([72, 74], False),  # Mixolydian
        ([73, 78], False),  # ends on the third
        ([73, 0], False),
        ([73] * 8 + [74] * 4, True),  # the tonic is repeated
        ([76, *[74] * 17], True),
        ([76, *[74] * 18], False),  # for too long
    ],
)
@pytest.mark.parametrize("ends", [ENDS, ENDS[:1]])
def test_a_melody_that_allows_it_ends_on_a_perfect_cadence(
    soprano: list[int], closes: bool, ends: Sequence[int]
) -> None:
    piece = chorale(ends)
    pitches = np.array(piece.pitches)
    *before, last = soprano
    pitches[:-FERMATA, SOPRANO], pitches[-FERMATA:, SOPRANO] = before[0], last
    pitches[-FERMATA - len(before) : -FERMATA, SOPRANO] = before
    piece = replace(piece, pitches=pitches, onsets=None)
    asked = []
    for voices in ([SOPRANO], [BASS]):
        fragment = Fragment(piece, given(piece, voices=voices))
        batches = batches_of([fragment])
        asked += [batch.asked[0] for batch in batches]
    expected = (*[Ending(AWAY)] * (len(ends) - 1), Ending(HOME, "PAC"))
    assert asked == [expected if closes else None, None]


NOTHING = {name: np.zeros(shape, np.float32) for name, shape in TABLES.items()}


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_models_with_a_critic_write_in_these_keys(
    strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Batch] = []

    def watched(batch: Batch, *others: object) -> Batch:
        calls.append(with_cadence_keys(batch, *others))  # type: ignore[arg-type]
        return calls[-1]

    monkeypatch.setattr(generate, "with_cadence_keys", watched)
    predictor = replace(
        uniform_predictor(wide_vocabulary()),
        plan_features=FEATURES,
        critic=Critic(NOTHING, AWAY_ALWAYS),
    )
    piece = chorale()
    fragments = [Fragment(piece, given(piece))]
    options = replace(PLAIN, critic=strength, guidance=0.0)
    written = generate.complete(predictor, fragments, options)
    assert len(calls) == bool(strength)
    assert written[0].key == HOME
    for critic in (None, Critic(NOTHING)):
        generate.complete(replace(predictor, critic=critic), fragments, options)
    assert len(calls) == bool(strength)


def test_keys_that_are_asked_for_are_named_as_they_are() -> None:
    piece = chorale()
    endings = (Ending(AWAY), Ending(HOME), Ending(AWAY, "PAC"))
    fragment = Fragment(piece, given(piece), endings=endings)
    (values,) = named([fragment])
    assert spans(values) == [(32 - 16, 32), (96 - 16, 96)]


def test_a_repeated_passage_names_the_keys_of_the_first_one() -> None:
    piece = chorale((32, 64, 96, 128, 160))
    sources = np.full(piece.pitches.shape, -1)
    sources[64:128] = np.arange(64)[:, np.newaxis]
    for seed in range(4):
        fragment = Fragment(piece, given(piece), sources)
        (values,) = named([fragment], keys(0, 7, 5), first=seed)
        assert np.array_equal(values[:64], values[64:128])


def test_keys_that_a_model_cannot_read_are_refused() -> None:
    piece = chorale()
    endings = (Ending(AWAY), Ending(HOME), Ending(HOME))
    fragment = Fragment(piece, given(piece), endings=endings)
    with pytest.raises(UsageError, match="--cadences"):
        named([fragment], features=("step",))
