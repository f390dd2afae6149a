"""Prepared pieces: in memory, and streamed from shards."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from command_line import outcome, run_command
from tiny import tiny_chorale

from chorale.corpus.loading import Corpus, load_corpus
from chorale.corpus.shards import write_shards
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import Tunes
from chorale.errors import DataError, UsageError
from chorale.models.options import NetworkOptions
from chorale.music.score import Chorale
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.next_step import draw_batches, prepare, prepare_each
from chorale.training.options import TrainingOptions
from chorale.training.pieces import in_groups, order_of, prepared, shuffled
from chorale.utils.tfrecord import format_features, read_records, record_of

pytestmark = pytest.mark.keras


class Named(NamedTuple):
    name: str
    steps: int


def named(chorales: Sequence[Chorale]) -> list[Named]:
    return [Named(chorale.source, chorale.steps) for chorale in chorales]


def numbered(count: int) -> list[Chorale]:
    return [
        Chorale(pitches=np.full((4, 4), [72, 67, 60, 48]), source=str(number))
        for number in range(count)
    ]


def order(folder: Path, seed: int, epoch: int) -> list[str]:
    pieces = prepared(load_corpus(folder).train, named)
    random = np.random.default_rng(0)
    return [piece.name for piece in order_of(pieces, seed, epoch, random)]


def test_an_epoch_of_shards_derives_from_seed_and_epoch(tmp_path: Path) -> None:
    import tensorflow as tf

    write_shards((("train", piece) for piece in numbered(300)), tmp_path, size=40)
    first = order(tmp_path, 0, 1)
    assert sorted(first, key=int) == [str(number) for number in range(300)]
    tf.random.set_seed(7)  # whatever else is random
    assert order(tmp_path, 0, 1) == first
    others = [order(tmp_path, 0, 2), order(tmp_path, 1, 1)]
    assert len({*map(tuple, others), tuple(first)}) == 3
    # Neighbours of a shard are no neighbours any more.
    distances = np.abs(np.diff(np.array(first, int)))
    assert np.median(distances) > 40


def test_pieces_in_memory_are_prepared_once_and_in_order() -> None:
    asked = []

    def prepare_group(chorales: Sequence[Chorale]) -> list[Named]:
        asked.append(len(chorales))
        return named(chorales)

    pieces = prepared(numbered(130), prepare_group)
    assert [piece.name for piece in pieces] == [str(number) for number in range(130)]
    assert asked == [64, 64, 2]
    random = np.random.default_rng(3)
    drawn = [piece.name for piece in order_of(pieces, 0, 1, random)]
    assert drawn == [str(n) for n in np.random.default_rng(3).permutation(130)]


def test_a_damaged_shard_ends_the_epoch(tmp_path: Path) -> None:
    write_shards((("train", piece) for piece in numbered(9)), tmp_path)
    pieces = prepared(load_corpus(tmp_path).train, named)
    path = tmp_path / "train" / "00000.tfrecord"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot read shards"):
        list(order_of(pieces, 0, 1, np.random.default_rng()))


def test_a_record_of_another_form_is_named_with_its_shard(tmp_path: Path) -> None:
    write_shards((("train", piece) for piece in numbered(9)), tmp_path, size=5)
    pieces = prepared(load_corpus(tmp_path).train, named)
    path = tmp_path / "train" / "00001.tfrecord"
    with path.open("rb") as file:
        records = [*read_records(file, path)]
    records[2] = format_features(integers={"pitches": [60]}, texts={})
    with path.open("wb") as file:
        file.writelines(map(record_of, records))
    with pytest.raises(DataError, match=r"00001\.tfrecord: record 3: expected"):
        list(order_of(pieces, 0, 1, np.random.default_rng()))


@pytest.mark.parametrize("size", [1, 5, 20, 40])
def test_items_are_shuffled_in_a_buffer(size: int) -> None:
    drawn = list(shuffled(range(20), size, np.random.default_rng(4)))
    assert sorted(drawn) == list(range(20))
    assert (drawn == list(range(20))) == (size == 1)
    assert all(item < place + size for place, item in enumerate(drawn))


def test_groups_hold_all_items() -> None:
    assert list(in_groups(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(in_groups([], 3)) == []


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
@pytest.mark.parametrize("with_tunes", [False, True])
def test_pieces_prepared_together_are_those_prepared_alone(
    encoding: str, with_tunes: bool
) -> None:
    random = np.random.default_rng(1)
    chorales = [tiny_chorale(random) for _ in range(5)]
    chorales.append(chorales[0].opening(chorales[0].steps - 3))
    vocabulary = Vocabulary.fit(chorales, encoding)
    options = TrainingOptions(encoding=encoding)
    tunes = Tunes.of(map(vocabulary.encode, chorales) if with_tunes else [], vocabulary)
    together = prepare_each(chorales, vocabulary, options, tunes)
    for chorale, piece in zip(chorales, together, strict=True):
        alone = prepare(chorale, vocabulary, options, tunes)
        assert piece.shifts == alone.shifts and piece.steps == chorale.steps
        np.testing.assert_array_equal(piece.bare_plan, alone.bare_plan)
        for name, array, expected in zip(
            piece.inputs._fields, piece.inputs, alone.inputs, strict=True
        ):
            np.testing.assert_array_equal(array, expected, err_msg=name)
            assert array.dtype == np.int32
            # A view of all pieces would keep their padding in memory.
            assert with_tunes or array.base is None


@pytest.mark.slow
def test_a_network_trains_on_shards_and_resumes(
    tmp_path: Path, without_xla: None
) -> None:
    corpus = write_tiny(tmp_path / "corpus")
    network = NetworkOptions(body="gru", units=8, layers=1, voice_units=8)
    options = TrainingOptions(epochs=2, batch_size=4, crop=32)
    card = train_network(corpus, network, options, tmp_path / "whole")
    assert card.data["files"] == dict(corpus.hashes)
    assert card.figures["valid"]["nats_per_note"] > 0
    assert isinstance(card.vocabulary, Vocabulary)
    assert card.vocabulary == Vocabulary.fit(corpus.train)
    # Killed after the first epoch, it goes on as if it had not been.
    one = StopAfter(1)
    with pytest.raises(KeyboardInterrupt):
        train_network(corpus, network, options, tmp_path / "killed", progress=one)
    resumed = resume_training(load_corpus(tmp_path / "corpus"), tmp_path / "killed")
    assert resumed.files["weights.npz"] == card.files["weights.npz"]


def test_commands_train_and_evaluate_on_shards(tmp_path: Path) -> None:
    folder, run = tmp_path / "corpus", tmp_path / "run"
    write_tiny(folder)
    network = ("--network", "coconet", "--units", "8", "--layers", "4")
    training = ("--epochs", "1", "--batch-size", "4", "--crop", "16")
    asked = ("train", "--corpus", str(folder), "--output", str(run))
    done = run_command(*asked, *network, *training)
    assert done.returncode == 0 and "nats per note" in done.stdout, done.stderr
    asked = ("evaluate", "--model", str(run), "--corpus", str(folder), "--json")
    done = run_command(*asked, "--split", "valid")
    assert done.returncode == 0 and json.loads(done.stdout), done.stderr
    assert "training data" not in done.stderr
    done = run_command("corpus", "describe", str(folder), "--json")
    assert json.loads(done.stdout)["pieces"] == {"train": 12, "valid": 1, "test": 0}


def test_memory_does_not_grow_with_the_corpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chorale.training.pieces._BUFFER", 50)
    monkeypatch.setattr("chorale.training.pieces.GROUP", 16)
    random = np.random.default_rng(0)
    some = [tiny_chorale(random) for _ in range(20)]
    options = TrainingOptions(batch_size=8)
    vocabulary = Vocabulary.fit(some)
    peaks = []
    for count in (200, 800):
        pieces = (("train", some[number % 20]) for number in range(count))
        write_shards(pieces, tmp_path / str(count), size=64)
        train = load_corpus(tmp_path / str(count)).train
        stream = prepared(train, lambda each: prepare_each(each, vocabulary, options))
        list(islice(draw_batches(stream, vocabulary, options, 1), 2))  # warm
        tracemalloc.start()
        batches = sum(1 for _ in draw_batches(stream, vocabulary, options, 1))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert batches == count / 8
    assert peaks[1] < 1.1 * peaks[0]


def test_tunes_need_a_corpus_in_memory(tmp_path: Path) -> None:
    corpus = write_tiny(tmp_path / "corpus")
    network = NetworkOptions(body="gru", units=8, layers=1, tunes=True)
    with pytest.raises(UsageError, match="tunes of a corpus in shards"):
        train_network(corpus, network, TrainingOptions(), tmp_path / "run")
    words = "train", "--from", "jsb", "--corpus", str(tmp_path / "corpus"), "--output"
    code, _, stderr = outcome(*words, str(tmp_path / "run"))
    assert code == 2 and "jsb knows tunes, but tunes of a corpus in shards" in stderr
    assert "fine-tune another model, or import the corpus without --shards" in stderr
    assert "--tunes out" not in stderr and not (tmp_path / "run").exists()


class StopAfter:
    """Progress that presses Ctrl-C after some epochs."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None:
        if epoch > self.epochs:
            raise KeyboardInterrupt

    def finish_batch(self, loss: float) -> None:
        pass

    def finish_epoch(self, row: dict[str, float]) -> None:
        pass


def write_tiny(folder: Path) -> Corpus:
    random = np.random.default_rng(2)
    pieces = [("train", tiny_chorale(random)) for _ in range(12)]
    pieces += [("valid", pieces[0][1].opening(24))]
    write_shards(pieces, folder, size=5)
    return load_corpus(folder)
