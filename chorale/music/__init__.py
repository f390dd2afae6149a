"""What is a chorale? Four voices in time, and the theory that describes them.

- score: the Chorale and its notes, the value that every other room passes around
- metre: time signatures, bars, beats, pickups
- voices: the four voices, their ranges and instruments
- ranges: the lowest and highest note of each voice
- keys: keys, key signatures, key estimation
- spelling: letter names and accidentals of pitches
- chords: root, quality and bass of what sounds at each step, non-chord tones included
- harmony: chords, local keys, numerals, cadences and form of a piece
- phrases: where phrases of a melody begin and end
- lyrics: syllables under notes
- melody: one voice prepared for harmonization
"""
