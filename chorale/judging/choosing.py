"""Choosing: of several chorales drawn, the one that could most likely be Bach's.

A chorale that ends on a complete cadence comes before one that does not. Among the
others the one of the lowest cost comes first. Costs are in nats, the negative logarithm
of a probability, and a chorale as Bach's are on average costs nothing or little:

- *rules*: every finding beyond those that Bach would have at as many opportunities
  costs the more, the rarer such findings are in his chorales: -ln of their rate;
- *typicality*: half the square of how many standard deviations the likelihood lies from
  the mean of Bach's own. What is far more likely than Bach is no better but dull: the
  mode of a model is not among the pieces that it would write (Meister, Pimentel, Wiher
  & Cotterell, 2023, "Locally typical sampling", tell why).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chorale.evaluation import score_each
from chorale.models import Card
from chorale.predictors import Predictor
from chorale.score import Chorale
from chorale.style import final_cadence
