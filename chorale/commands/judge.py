"""`chorale judge`: chorales, a model's or one's own, beside Bach's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from chorale import judging
from chorale.averaging import average as averaged
from chorale.commands.options import Average, Models, given, model_title
from chorale.commands.progress import progress_bar
from chorale.corpus import load_corpus
from chorale.errors import UsageError
from chorale.extras import require
from chorale.gathering import find_files, gather
from chorale.judging.report import report_blocks
from chorale.judging.starts import (
    as_classic,
    beside_each,
    continue_each,
    draw_chorales,
)
from chorale.judging.tables import judgement_blocks
from chorale.models import DEFAULT_MODEL, load_predictor
from chorale.ngram import fit_ngram
from chorale.predictors import Predictor
from chorale.reports import check_report_path, to_text, write_report
from chorale.sampling import SamplingOptions
from chorale.score import Chorale
from chorale.style import Window, matched, windows_of

_DEFAULTS = SamplingOptions()
# Options that make sense for a model's samples alone, or for chorales of one's own.
