"""MIDI files, written and read.

- `writer`: notes, velocities, programs; `conductor`: title, tempo, key and metre
- `reader`: a file to four voices; `events`: its bytes; `tracks`: its parts; `meta`,
  `lyrics`: what they say
- `grid_estimation`, `quantization`, `note_lengths`: performed notes on the grid;
  `pickups`: doubts about its barlines
- `voices`, `voice_separation`: four voices from tracks, channels or chords
"""
