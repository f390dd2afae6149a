"""Limits of the scores that are read: what exceeds them is damaged, or no chorale.

They bound the memory and the time that a file takes. Limits that belong to one
notation, such as the dots of a note, are in its reader.
"""

from __future__ import annotations

# === Size of a file, in bytes ===

MIDI_BYTES = 4 << 20  # a chorale has some thousands
HUMDRUM_BYTES = 4 << 20  # a chorale has about ten thousand
ABC_BYTES = 16 << 20  # the largest collections of tunes have a few million
JSB_BYTES = 64 << 20  # of many pieces; the published files have two million
MUSICXML_BYTES = 32 << 20  # unpacked; a symphony has about as many

# === Length of a piece ===

MOST_STEPS = 100_000  # sixteenths, an hour and a half; a long chorale has a thousand
MOST_BARS = 20_000  # as many as such a piece has in the shortest usual metre, 5/16
MOST_STAVES = 64  # voices of ABC and spines of Humdrum too; an orchestra has about 40

# === Number of notes ===

MIDI_NOTES = 50_000  # of all tracks; chorales have some hundreds
HUMDRUM_NOTES = 200_000  # rests and notes that sound on are counted too
MUSICXML_ELEMENTS = 1_500_000  # of which a note has about ten
MUSICXML_DEPTH = 64  # levels of elements; scores have about ten
