"""Humdrum **kern, read as a written score.

- `reader`: a file to a score; `tokens`: notes, signatures, barlines
- `spines`: columns that split and join; `rhythm`: when notes begin; `bars`: rows in
  bars
- `signatures`: keys, metres and tempos; `sections`: the order in which they are played
"""
