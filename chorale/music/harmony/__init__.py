"""Which harmony is it? Chords, keys and phrases of a piece.

- analyzing: `analyze`, from a piece to its analysis
- analysis: what an analysis has, and how far it agrees with published ones
- grid: the half beats at which chords may begin, and phrases
- templates, degrees: chords, and how usual each is in each key
- non_chord_tones: passing tones, suspensions and other foreign notes
- chords: how well chords fit the notes
- local_keys: chords and keys, decoded together; suspended_fourths: V4–3 is no six-four
- harmonies: from the chord of each half beat to chords with inversions
- roman_numerals: their names
- cadences, form: how phrases end, and which repeat earlier ones
"""
