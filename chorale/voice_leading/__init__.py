"""Which rules of part-writing does a chorale break, and how often?

Each rule gives the faults of a whole piece as arrays, and its opportunities: how often
it could have been broken. Rates of pieces of any length are thus comparable with those
of Bach's chorales, which break every rule occasionally. Each rule belongs to a level,
as textbooks have them: `LEVELS` in rule says what a level is for.

- checking: check a chorale; count findings and opportunities
- rules: all rules by name, with their rates in Bach; rule: what a rule is
- motion: parallel, contrary, hidden and unequal fifths and octaves
- spacing: voice crossing, overlap, spacing, range
- tendency_tones: leading tones and sevenths; dominants: the chords that contain them
- leaps: large, augmented and diminished leaps
- clashes: one letter with two accidentals, at once and in succession
- dissonances: on a beat, how they are prepared and resolved
- sonorities: open fifths and other chords without a third; six_fours
- phrase_ends: dissonances and inversions there; endings: a complete cadence
- bass_lines: oscillating and static basses; rhythm: syncopated harmonies
- stretches: what rules of chords and phrases read of the harmonic analysis;
  metrical_weights: how strong the beats are
- piece: a chorale prepared for the rules; dyads: pairs of voices at successive steps
- faults, cross_relations, sonority_faults: of the notes that a voice may choose next
- costs: what these notes cost, for samplers, by tables: rule_tables has them all,
  step_costs and cost_layout look them up
"""
