"""Files of MuseScore 3 and 4, read as a written score.

- `reader`: a file to a score, plain or compressed; `measures`: signatures, repeats and
  bars of a staff; `voices`: the notes of a voice in a bar
"""
