"""All tables of costs, as the notes of one vocabulary look them up."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chorale.music.voices import HIGHEST_PITCH, SILENCE, VOICES
from chorale.utils.arrays import IntArray
from chorale.voice_leading.chord_tables import (
    ENDINGS,
    SILENT_CLASS,
    UNKNOWN_CHORD,
    own_tables,
)
from chorale.voice_leading.cost_tables import pair_tables
from chorale.voice_leading.dyads import OCTAVE
from chorale.voice_leading.relation_tables import relation_tables
from chorale.voice_leading.sonority_tables import sonority_tables


class RuleTables:
    """The tables, and where the notes of a vocabulary are in them.

    Args:
        lowest, highest: MIDI notes of the vocabulary.
        reach: most semitones between two notes in the tables.
    """

    def __init__(self, lowest: int, highest: int, reach: int) -> None:
        self.lowest, self.count = lowest, highest - lowest + 1
        self.own, self.pairs = own_tables(reach), pair_tables(reach)
        self.relations = relation_tables(reach)
        self.sonorities = sonority_tables(reach)
        self.windows = sliding_window_view(self.pairs.values, self.count)
        edge = self.pairs.edge
        notes = np.arange(HIGHEST_PITCH + 1)
        relative, is_silent = notes - lowest, notes == SILENCE
        # Codes of notes whose differences are outside the tables if a voice is silent:
        # of any two voices, one after the other; of a voice before and now.
        silent = 8 * edge * (1 + np.arange(VOICES)[:, np.newaxis])
        self.unknown = 64 * edge
        self.codes = np.where(is_silent, silent, relative).ravel()
        self.code_begins = len(notes) * np.arange(VOICES)[:, np.newaxis]
        self.codes_before = np.where(is_silent, self.unknown, relative)
        self.codes_now = np.where(is_silent, 2 * self.unknown, relative)
        # Pitch classes above the lowest note, and the sets that they make.
        self.classes = np.where(is_silent, SILENT_CLASS, relative % OCTAVE)
        self.chords = np.where(is_silent, 0, 1 << relative % OCTAVE)
        self.chords_before = np.where(is_silent, UNKNOWN_CHORD, self.chords)
        # Begins of own rows by the note before, the last for a voice without one.
        self.own_starts = np.append(self.own.own[0, 0] - np.arange(edge), 0)
        # How far own rows of tendencies are behind the first.
        self.tendency_starts = self.own.own - self.own.own[0, 0]
        self.tendency_starts[:, : len(ENDINGS)] = 0

    def coded(self, notes: IntArray) -> IntArray:
        """Return the codes (4, batch) of MIDI notes (batch, 4)."""
        return self.codes.take(notes.T + self.code_begins)
