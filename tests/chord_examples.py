"""Examples of rules about chords and phrases: chords, a quarter each, in C major."""

from __future__ import annotations

ALL, BASS = (0, 1, 2, 3), (3,)

I = (72, 67, 64, 48)  # noqa: E741
I6 = (72, 67, 60, 52)
I64 = (72, 67, 64, 55)
II64 = (74, 69, 65, 45)
IV = (72, 69, 65, 53)
IV64 = (72, 69, 65, 48)
V = (71, 67, 62, 43)
V64 = (71, 67, 62, 50)
V7 = (71, 65, 62, 43)
VI = (72, 69, 64, 45)
OPEN_I = (72, 67, 60, 48)
OPEN_V = (74, 67, 62, 55)
V7_WITHOUT_THIRD = (74, 67, 65, 43)
SUSPENDED_V = (72, 67, 62, 43)
V7_OVER_C = (71, 65, 62, 48)
OCTAVES = (72, 60, 60, 48)

# As in test_checking: rule, chords, and the voices that break it.
CHORD_EXAMPLES = [
    # === Chords without a third ===
    ("open-fifth", [OPEN_I], [ALL]),
    ("open-fifth", [I, OPEN_V, I], [ALL]),
    ("open-fifth", [V, OPEN_I, OPEN_I, V], [ALL]),  # two beats: one chord
    ("open-fifth", [I, V, I], []),
    ("open-fifth", [OPEN_I, I], []),  # the third follows
    ("open-fifth", [I, OPEN_I], []),  # the third was there
    ("open-fifth", [OCTAVES], []),
    ("missing-third", [I, V7_WITHOUT_THIRD, I], [ALL]),
    ("missing-third", [OCTAVES], [ALL]),
    ("missing-third", [I, V7, I], []),
    ("missing-third", [I, OPEN_V, I], []),  # another rule
    ("missing-third", [I, SUSPENDED_V, V, I], []),
    # === Six-fours ===
    ("unprepared-six-four", [I, II64, V, I], [BASS]),
    ("unprepared-six-four", [IV, I64, (71, 67, 62, 55), I], [BASS]),  # on a weak beat
    ("unprepared-six-four", [I, IV, I64, (71, 67, 62, 55), I], []),  # cadential
    ("unprepared-six-four", [I, V64, I6], []),  # passing
    ("unprepared-six-four", [I, IV64, I], []),  # pedal
    ("unprepared-six-four", [V, I, (72, 67, 64, 43), IV], []),  # arpeggiated
    # === Ends ===
    ("phrase-end-dissonance", [*[I] * 7, V7], [ALL]),
    ("phrase-end-dissonance", [*[I] * 7, V], []),
    ("phrase-end-dissonance", [I, V7], []),  # too short to have an end
    ("phrase-end-inversion", [*[I] * 6, V, I6], [BASS]),
    ("phrase-end-inversion", [*[I] * 6, V, I], []),
    ("phrase-end-inversion", [V, I6], []),
    ("missing-cadence", [*[I] * 6, V, IV], [ALL]),
    ("missing-cadence", [*[I] * 7, V], [ALL]),
    ("missing-cadence", [*[I] * 6, VI, I], [ALL]),  # neither dominant nor subdominant
    ("missing-cadence", [*[I] * 6, V, OPEN_I], [ALL]),
    ("missing-cadence", [*[I] * 6, V, I], []),
    ("missing-cadence", [*[I] * 6, IV, I], []),  # plagal
    ("missing-cadence", [I, V], []),  # too short
    # === The bass ===
    ("oscillating-bass", [V, I, IV, I, IV], [BASS]),
    ("oscillating-bass", [V, I, IV, I, IV, I, IV], [BASS]),  # once
    ("oscillating-bass", [V, I, IV, I, V], []),
    ("static-bass", [V, I, IV64, V7_OVER_C, I, V, I], [BASS]),
    ("static-bass", [V, I, I, I, I, V, I], []),  # one harmony
    ("static-bass", [V, I, IV64, I, V, I], []),  # three quarters
    # === Harmonic rhythm ===
    ("syncopation", [IV, II64, V, I, I, V, I], [BASS]),  # over the barline
    ("syncopation", [IV, V, V, I], [BASS]),  # into the middle of the bar
    ("syncopation", [IV, V, I, I, I, V, I], []),  # from the middle of the bar
    ("syncopation", [I, I, V, V, I], []),
]
