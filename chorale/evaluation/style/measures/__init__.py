"""Measures: rates with a direction, such as the share of sevenths that resolve.

- `measure`: what a measure is
- `lines`: how voices move
- `chords`: chords and their order
- `sonorities`: what sounds at once
- `foreign_notes`: non-chord tones and sevenths
- `phrases`: how phrases end, and where they go
- `form`: what is repeated
- `progressions`: successions of chords that a corpus does not have
- `table`: all of them, and the vector of a window
"""
