"""Scores as written, and how they become four voices on the grid.

- `written_score`: what the readers of MusicXML, ABC and Humdrum return
- `assembly`: choice of staves, repeats, metre; `staff_voices`: the voices on a staff
- `notes`: exact durations, ties, and places on the grid
"""
