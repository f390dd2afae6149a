"""What tasks do before training: split a corpus, fit a vocabulary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny import LINES, tiny_chorale, tiny_options, tiny_training, write_tiny_corpus

from chorale.corpus.loading import load_corpus, split_corpus
from chorale.encoding.tokens import Vocabulary
from chorale.errors import DataError
from chorale.formats.classic_csv import write_csv
from chorale.music.score import Chorale
from chorale.training.next_step import NextStepTask


def test_a_flat_corpus_has_a_tenth_held_out_and_says_so(tmp_path):
    random = np.random.default_rng(0)
    for index in range(20):
        write_csv(tiny_chorale(random), tmp_path / f"{index}.csv")
    train, valid, remark = split_corpus(load_corpus(tmp_path))
    assert (len(train), len(valid)) == (18, 2)
    assert "2 of its 20 chorales" in remark
    write_tiny_corpus(tmp_path / "split")
    assert split_corpus(load_corpus(tmp_path / "split"))[2] == ""


def test_the_vocabulary_has_the_notes_of_valid_too(tmp_path):
    corpus = load_corpus(write_tiny_corpus(tmp_path / "corpus"))
    high = corpus.valid[0].transpose(12)
    task = NextStepTask(replace(corpus, valid=(high,)), tiny_options(), tiny_training())
    pitches, _ = task.vocabulary.decode(task.vocabulary.encode(high))
    assert np.array_equal(pitches, high.pitches)
    assert task.vocabulary.ranges[0][1] == high.pitches[:, 0].max()


def test_a_corpus_without_train_is_refused():
    corpus = load_corpus()
    with pytest.raises(DataError, match="train split"):
        split_corpus(replace(corpus, train=()))


def test_every_voice_must_sound():
    pitches = np.tile([line[0] for line in LINES], (16, 1))
    pitches[:, 2] = 0
    with pytest.raises(DataError, match="tenor never sounds"):
        Vocabulary.fit([Chorale(pitches=pitches)])
