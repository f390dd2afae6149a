"""Rules about two voices that move: parallels, hidden ones, overlap."""

from __future__ import annotations

import numpy as np

from chorale.music.voices import BASS, SOPRANO
from chorale.utils.arrays import IntArray
from chorale.voice_leading.dyads import (
    FIFTH,
    OCTAVE,
    UNISON,
    is_contrary,
    is_direct,
    is_overlap,
    is_parallel,
)
from chorale.voice_leading.piece import NEIGHBOURS, Judged, Piece

OUTER = ((SOPRANO, BASS),)


def parallel_fifths(piece: Piece) -> Judged:
    """Find pairs of voices that move in the same direction from fifth to fifth.

    Fifths and twelfths are alike, diminished fifths are none, nor are sixths that sound
    like fifths where the file spells its notes. Repeated fifths are not counted; those
    in contrary motion are a rule of their own. Only what follows immediately is seen,
    not fifths on beat after beat with other notes between. An opportunity is a pair of
    voices that both move. Source: the first rule of every textbook, such as Aldwell &
    Schachter, Harmony and Voice Leading; Piston, Harmony; Kostka & Payne, Tonal
    Harmony.
    """
    return Judged(is_parallel(piece.pairs, FIFTH), _both_move(piece))


def parallel_octaves(piece: Piece) -> Judged:
    """Find pairs of voices that move in the same direction from octave to octave.

    Two octaves are like one; a unison is no octave. Exceptions, opportunities and
    sources are those of parallel fifths.
    """
    return Judged(is_parallel(piece.pairs, OCTAVE), _both_move(piece))


def parallel_unisons(piece: Piece) -> Judged:
    """Find pairs of voices that move from one unison to another.

    Opportunities and sources are those of parallel fifths.
    """
    return Judged(is_parallel(piece.pairs, UNISON), _both_move(piece))


def contrary_fifths(piece: Piece) -> Judged:
    """Find pairs of voices that move apart or together from fifth to twelfth or back.

    Stricter textbooks count them among the parallels; Bach writes about as many.
    Exceptions, opportunities and sources are those of parallel fifths.
    """
    return Judged(is_contrary(piece.pairs, FIFTH), _both_move(piece))


def contrary_octaves(piece: Piece) -> Judged:
    """Find pairs of voices that move apart or together from octave to octave.

    A unison counts as an octave here. Opportunities and sources are those of parallel
    fifths.
    """
    return Judged(is_contrary(piece.pairs, OCTAVE), _both_move(piece))


def _both_move(piece: Piece) -> IntArray:
    """Return how many pairs of voices both move at each step, int array (steps,)."""
    upper, lower = piece.pairs.moves
    both: IntArray = ((upper != 0) & (lower != 0)).sum(axis=1)
    return both


def direct_fifths(piece: Piece) -> Judged:
    """Find fifths to which the outer voices move in one direction, the soprano by leap.

    They come from another interval, or else they are parallels; a soprano that moves
    by step is allowed. An opportunity is a step at which both outer voices move.
    Source: hidden or direct fifths in Aldwell & Schachter and in Kostka & Payne, who
    restrict them as here to the outer voices and to leaps of the upper one.
    """
    return _direct(piece, FIFTH)


def direct_octaves(piece: Piece) -> Judged:
    """Find octaves to which the outer voices move in one direction, soprano by leap.

    Exceptions, opportunities and sources are those of direct fifths.
    """
    return _direct(piece, OCTAVE)


def _direct(piece: Piece, perfect: int) -> Judged:
    both = (piece.moves[:, [SOPRANO, BASS]] != 0).all(axis=1)
    return Judged(is_direct(piece.dyads(OUTER), perfect), both.astype(np.int64))


def overlap(piece: Piece) -> Judged:
    """Find voices that move beyond the note that a neighbour has just left.

    A voice goes above what the next higher one sang a step before, or below what the
    next lower one did. Where the two cross before or after it is the crossing that
    counts. An opportunity is a pair of neighbours of which at least one moves. Source:
    overlapping voices in Aldwell & Schachter and in Kostka & Payne.
    """
    dyads = piece.dyads(NEIGHBOURS)
    upper, lower = dyads.moves
    moved = (upper != 0) | (lower != 0)
    return Judged(is_overlap(dyads), moved.sum(axis=1))


def say_parallel(name: str, piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    return (
        f"{name} {_dyad(piece, step, voices)} follows "
        f"{name} {_dyad(piece, step - 1, voices)}"
    )


def say_direct(name: str, piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    return (
        f"{name} {_dyad(piece, step, voices)} is reached in one direction "
        f"from {_dyad(piece, step - 1, voices)}"
    )


def say_overlap(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    upper, lower = voices
    if piece.pitches[step, lower] > piece.pitches[step - 1, upper]:
        return (
            f"{piece.name(step, lower)} is above {piece.name(step - 1, upper)}, "
            "which the upper voice has just left"
        )
    return (
        f"{piece.name(step, upper)} is below {piece.name(step - 1, lower)}, "
        "which the lower voice has just left"
    )


def _dyad(piece: Piece, step: int, voices: tuple[int, ...]) -> str:
    """Return two notes, the lower voice's first."""
    upper, lower = voices
    return f"{piece.name(step, lower)}-{piece.name(step, upper)}"
