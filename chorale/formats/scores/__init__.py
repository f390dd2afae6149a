"""Scores as written, and how they become four voices on the grid.

- `written_score`: what the readers of notation return
- `measures`: measures of MEI and MuseScore files, before they are bars
- `assembly`: from there to a Reading, in which
- `staff_choice`: the staves that are read; `staff_voices`: the voices on a staff
- `bars`: repeats, endings, metres; `notes`: exact durations, ties, places on the grid
- `remarks`: what is said to the user
"""
