"""The critic: how much more often Bach does what a model has just written.

- `places`: where each beat of a plan stands, such as before a fermata
- `lines`: how voices move
- `chords`: the chord of each beat, from the notes so far
- `events`: what happens at each step, as cells of tables
- `tables`: counts of events, their log ratios, and the critic, stored with a model
"""
