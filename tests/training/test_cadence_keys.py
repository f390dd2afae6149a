"""Counts of the keys in which phrases end."""

from __future__ import annotations

from bach import few_chorales

from chorale.models.critic.cadence_keys import BEGINNING, HOMES, KEYS
from chorale.music.harmony.analyzing import analyze
from chorale.music.harmony.degrees import MODES
from chorale.training.cadence_keys import count_cadence_keys


def test_every_phrase_end_is_counted_once() -> None:
    pieces = few_chorales().train
    counted = count_cadence_keys(pieces)
    phrases = [phrase for piece in pieces for phrase in analyze(piece).phrases]
    ends = [phrase for phrase in phrases if phrase.cadence is not None]
    assert counted.following.sum() == len(ends) > 20
    assert counted.following[:, BEGINNING].sum() == len(pieces)
    assert 0 <= len(ends) - counted.degrees.sum() <= len(pieces)


def test_most_pieces_end_at_home_and_sopranos_on_the_tonic_from_beside_it() -> None:
    pieces = few_chorales().train
    counted = count_cadence_keys(pieces)
    for mode, home in zip(MODES, HOMES, strict=True):
        if any(piece.key and piece.key.mode == mode for piece in pieces):
            shares = counted.following[MODES.index(mode)].sum(axis=0)
            assert len(shares) == KEYS and shares.argmax() == home
    pairs = counted.degrees.sum(axis=(0, 1))
    before, last = divmod(int(pairs.argmax()), 12)
    assert last == 0 and before in (2, 11)


def test_counts_do_not_depend_on_the_key_of_a_piece() -> None:
    pieces = few_chorales().train[:4]
    counted = count_cadence_keys(pieces)
    moved = count_cadence_keys([piece.transpose(2) for piece in pieces])
    assert (counted.following == moved.following).all()
    assert (counted.degrees == moved.degrees).all()
