"""Judging: how near chorales come to Bach's own, and which of several comes nearest.

- `rows`: a set of chorales beside Bach's others, beside chance and a floor
- `starts`: what is continued or harmonized in order to be judged
- `tables`, `pictures`, `report`: the rows in words and figures, in pictures, in both
- `choosing`: of several chorales drawn, the one to keep
"""

from chorale.judging.choosing import Candidate, choose
from chorale.judging.rows import Judgement, Row, judge

__all__ = ["Candidate", "Judgement", "Row", "choose", "judge"]
