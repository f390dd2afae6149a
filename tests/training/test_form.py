"""Counts of what phrases repeat."""

from __future__ import annotations

import numpy as np
from bach import few_chorales

from chorale.corpus.loading import load_corpus
from chorale.models.critic.tables import Critic
from chorale.models.form import LITERAL, MELODY, NEW, stollen_cell
from chorale.models.storage import CRITIC_FILE, find_model
from chorale.music.harmony.analyzing import analyze
from chorale.music.score import Chorale
from chorale.music.voices import ALTO, SOPRANO
from chorale.training.form import count_forms, repeated_kind

LENGTH = 32


def bar_form(changed: tuple[int, int] | None = None) -> Chorale:
    """Return a piece of five phrases, a b a b c; one cell of it may be changed."""
    random = np.random.default_rng(0)
    a, b, c = random.integers(60, 72, (3, LENGTH, 4))
    pitches = np.concatenate([a, b, a, b, c])
    if changed is not None:
        pitches[changed] += 1
    fermatas = np.arange(5 * LENGTH) % LENGTH >= LENGTH - 4
    return Chorale(pitches=pitches, fermatas=fermatas)


def counted(piece: Chorale, length: int) -> list[int]:
    cell = stollen_cell(length, 5)
    found: list[int] = count_forms([piece]).stollen[cell].tolist()
    return found


def test_a_stollen_is_literal_varied_or_new() -> None:
    assert counted(bar_form(), 2) == [0, 1, 0]
    assert counted(bar_form((2 * LENGTH + 3, ALTO)), 2) == [0, 0, 1]
    assert counted(bar_form((2 * LENGTH + 3, SOPRANO)), 2) == [1, 0, 0]
    assert counted(bar_form(), 1) == [0, 0, 0]  # not asked once there is a longer one


def test_repeated_notes_are_part_of_a_phrase() -> None:
    piece = bar_form()
    assert repeated_kind(piece, 2 * LENGTH, 0, LENGTH) == LITERAL
    assert repeated_kind(piece, LENGTH, 0, LENGTH) == NEW
    onsets = np.array(piece.onsets)
    step = 2 * LENGTH + 1 + int(np.flatnonzero(~onsets[2 * LENGTH + 1 :, ALTO])[0])
    onsets[step, ALTO] = True
    struck = Chorale(pitches=piece.pitches, onsets=onsets, fermatas=piece.fermatas)
    start = step // LENGTH * LENGTH
    source = start - 2 * LENGTH
    assert repeated_kind(struck, start, source, source + LENGTH) == MELODY


def test_the_shipped_critic_has_counted_train() -> None:
    stored = Critic.load(find_model("bach") / CRITIC_FILE).form
    found = count_forms(load_corpus(splits=("train",)).train)
    assert stored is not None
    assert np.array_equal(stored.stollen, found.stollen)
    assert np.array_equal(stored.returns, found.returns)


def test_bachs_stollen_are_those_of_the_analysis() -> None:
    pieces = few_chorales().train
    found = count_forms(pieces).stollen
    literal = 0
    for piece in pieces:
        analysis = analyze(piece)
        repeats = [
            phrase.repeats
            for phrase in analysis.phrases[analysis.stollen : 2 * analysis.stollen]
        ]
        literal += bool(repeats) and all(r and r.kind == "literal" for r in repeats)
    assert found[..., LITERAL].sum() == literal > 0
