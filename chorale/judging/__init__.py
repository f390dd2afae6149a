"""Judging: how near chorales come to Bach's own, and which of several comes nearest.

rows.py       a set of chorales beside Bach's others, beside chance and a floor
starts.py     what is continued in order to be judged, and by what
tables.py     the rows in words and figures
pictures.py   the rows in pictures
choosing.py   of several chorales drawn, the one to keep
"""

from chorale.judging.choosing import Candidate, choose
from chorale.judging.rows import Judgement, Row, judge

__all__ = ["Candidate", "Judgement", "Row", "choose", "judge"]
