"""Rules about two voices that move: parallels, hidden ones, overlap."""

from __future__ import annotations

import numpy as np

from chorale.score import BoolArray
from chorale.voice_leading.piece import NEIGHBOURS, PAIRS, Judged, Piece
from chorale.voices import BASS, SOPRANO

_UNISON, _FIFTH, _OCTAVE = 0, 7, 12  # semitones
_LARGEST_STEP = 2  # semitones; what is wider is a leap

_UPPER, _LOWER = np.array(PAIRS).T
_HIGHER, _DEEPER = np.array(NEIGHBOURS).T
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
    return _perfects(piece, _FIFTH)


def parallel_octaves(piece: Piece) -> Judged:
    """Find pairs of voices that move in the same direction from octave to octave.

    Two octaves are like one; a unison is no octave. Exceptions, opportunities and
    sources are those of parallel fifths.
    """
    return _perfects(piece, _OCTAVE)


def parallel_unisons(piece: Piece) -> Judged:
    """Find pairs of voices that move from one unison to another.

    Opportunities and sources are those of parallel fifths.
    """
    return _perfects(piece, _UNISON)


def contrary_fifths(piece: Piece) -> Judged:
    """Find pairs of voices that move apart or together from fifth to twelfth or back.

    Stricter textbooks count them among the parallels; Bach writes about as many.
    Exceptions, opportunities and sources are those of parallel fifths.
    """
    return _perfects(piece, _FIFTH, contrary=True)


def contrary_octaves(piece: Piece) -> Judged:
    """Find pairs of voices that move apart or together from octave to octave.

    A unison counts as an octave here. Opportunities and sources are those of parallel
    fifths.
    """
    return _perfects(piece, _OCTAVE, contrary=True)


def _perfects(piece: Piece, perfect: int, *, contrary: bool = False) -> Judged:
    """Find perfect intervals that follow one of their kind, both voices moving."""
    moves = piece.moves
    both = (moves[:, _UPPER] != 0) & (moves[:, _LOWER] != 0)
    similar = moves[:, _UPPER] * moves[:, _LOWER] > 0
    there = _is_perfect(piece, perfect)
    if contrary and perfect == _OCTAVE:
        there |= _is_perfect(piece, _UNISON)
    faults = both & (similar != contrary) & there
    faults[1:] &= there[:-1]
    return Judged(faults, both.sum(axis=1))


def _is_perfect(piece: Piece, perfect: int) -> BoolArray:
    """Return where PAIRS form a perfect interval, or octaves more unless a unison.

    Returns:
        bool array (steps, 6).
    """
    wide = abs(piece.intervals)
    is_perfect: BoolArray = wide == perfect
    if perfect != _UNISON:
        is_perfect |= (wide > perfect) & ((wide - perfect) % 12 == 0)
    if piece.spelled and perfect == _FIFTH:
        letters = abs(piece.spelling[:, _UPPER] - piece.spelling[:, _LOWER])
        is_perfect &= letters % 7 == 4
    return is_perfect


def direct_fifths(piece: Piece) -> Judged:
    """Find fifths to which the outer voices move in one direction, the soprano by leap.

    They come from another interval, or else they are parallels; a soprano that moves
    by step is allowed. An opportunity is a step at which both outer voices move.
    Source: hidden or direct fifths in Aldwell & Schachter and in Kostka & Payne, who
    restrict them as here to the outer voices and to leaps of the upper one.
    """
    return _direct(piece, _FIFTH)


def direct_octaves(piece: Piece) -> Judged:
    """Find octaves to which the outer voices move in one direction, soprano by leap.

    Exceptions, opportunities and sources are those of direct fifths.
    """
    return _direct(piece, _OCTAVE)


def _direct(piece: Piece, perfect: int) -> Judged:
    soprano, bass = piece.moves[:, SOPRANO], piece.moves[:, BASS]
    there = _is_perfect(piece, perfect)[:, PAIRS.index(OUTER[0])]
    faults = there & (soprano * bass > 0) & (abs(soprano) > _LARGEST_STEP)
    faults[1:] &= ~there[:-1]
    return Judged(faults[:, None], ((soprano != 0) & (bass != 0)).astype(np.int64))


def overlap(piece: Piece) -> Judged:
    """Find voices that move beyond the note that a neighbour has just left.

    A voice goes above what the next higher one sang a step before, or below what the
    next lower one did. Where the two cross before or after it is the crossing that
    counts. An opportunity is a pair of neighbours of which at least one moves. Source:
    overlapping voices in Aldwell & Schachter and in Kostka & Payne.
    """
    pitches, moves, goes_on = piece.pitches, piece.moves, piece.goes_on
    both = goes_on[:, _HIGHER] & goes_on[:, _DEEPER]
    moved = both & ((moves[:, _HIGHER] != 0) | (moves[:, _DEEPER] != 0))
    in_order = pitches[:, _HIGHER] >= pitches[:, _DEEPER]
    faults = moved & in_order
    faults[1:] &= in_order[:-1] & (
        (pitches[1:, _DEEPER] > pitches[:-1, _HIGHER])
        | (pitches[1:, _HIGHER] < pitches[:-1, _DEEPER])
    )
    return Judged(faults, moved.sum(axis=1))


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
