"""How do two sets of chorales differ in style?

- `windows`: the stretches of chorales that are compared
- `analysis`, `features`: a window's key, chords and notes; histograms of them
- `profiles`: what is counted in all windows of a set
- `measures`: rates with a direction, the vector of a window
- `progressions`: successions of chords of a corpus
- `bootstrap`, `distances`: resampling; distances between sets, with intervals
- `differences`: signed differences of measures; rates that are unusual
- `weak_endings`: phrases and pieces that do not come to rest, in words
- `two_sample`: the classifier two-sample test
- `cadences`: how a chorale ends, and whether voices rest or leave their ranges
"""
