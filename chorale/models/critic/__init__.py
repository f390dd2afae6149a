"""The critic: how much more often Bach does what a model has just written.

- `places`: where each beat of a plan stands, such as before a fermata
- `lines`: how voices move
- `chords`: the chord of each beat, from the notes so far
- `events`: what happens at each step, as cells of tables
- `shrinkage`: probabilities and log ratios of few counts
- `cadence_keys`: in which keys phrases end, one after another
- `tables`: the critic: log ratios of events, and those keys, stored with a model
"""
