"""Which chords suit a given melody? A plan of one chord for each beat.

chords     a chord of the plan: root, triad and inversion
beats      the beats of a melody, and what its notes do in them
chain      the hidden Markov model that finds the chords, and `fitting` counts them
endings    how phrases end with these chords
planning   all of this for a fragment
"""
