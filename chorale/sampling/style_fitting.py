"""Fitting of the costs of style: Bach's chorales beside drafts of the same prompts.

    python -m chorale.sampling.style_fitting

continues the opening of each chorale of train twice and harmonizes the sopranos of half
of them with the shipped model, fits the costs and writes `style_costs.json`. A logistic
regression of pairs, a chorale of Bach's and the draft with its opening or soprano, says
by how much each term speaks for Bach; its weights are at least 0, so that no term
lowers a cost. They are then scaled so that style counts as much as the rules of
part-writing, as they do in phrases to a melody: both costs have the same standard
deviation among the drafts. Fit these costs first, then `phrase_ratio_fitting` and
`log_ratio_fitting`, whose drafts they weigh.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np

from chorale.corpus.loading import load_corpus
from chorale.errors import DataError
from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.measure import Count
from chorale.evaluation.style.progressions import successions
from chorale.evaluation.style.windows import Window
from chorale.models.storage import NEXT_STEP, load_model
from chorale.music.score import Chorale
from chorale.sampling.fault_costs import fault_cost, tally_rules
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.prompts import continue_each, harmonize_each
from chorale.sampling.style_costs import (
    DIRECTIONS,
    FILE,
    Pair,
    StyleCosts,
    count_events,
    excess,
    is_common,
)
from chorale.utils.arrays import Float64Array
from chorale.utils.files import write_text

# Weight of the squared weights of terms of unit scale. In five-fold cross-validation by
# piece, style prefers Bach in 87 to 89 % of the pairs with any ridge from 1 to 10,000,
# and with this one most often.
_RIDGE = 100.0
_DIGITS = 4  # of rates and weights
_COMMAND = "python -m chorale.sampling.style_fitting"


def fit_style_costs(drawn: Sequence[Window], train: Sequence[Chorale]) -> StyleCosts:
    """Fit rates and weights of all terms.

    Args:
        drawn: windows of drafts; the group of each is the source of the chorale of
            train whose opening or soprano it has.
        train: Bach's chorales.

    Raises:
        DataError: there are no drafts, or one is of no chorale of train.
    """
    by_source = {chorale.source: chorale for chorale in train}
    if not drawn or not {window.group for window in drawn} <= {*by_source}:
        raise DataError("expected drafts of chorales of train")
    whole = {
        source: Analysis.of(Window(chorale, 0, source))
        for source, chorale in by_source.items()
    }
    own = {
        source: {*successions(analysis.harmonies, 2)}
        for source, analysis in whole.items()
    }
    chorales = Counter(pair for pairs in own.values() for pair in pairs)

    def count(analysis: Analysis) -> dict[str, Count]:
        """Count events; common is what is so without the piece itself."""
        pairs = own[analysis.group]
        common: set[Pair] = {
            pair
            for pair, found in chorales.items()
            if is_common(found - (pair in pairs))
        }
        return count_events(analysis, common)

    rates = _rates([count(analysis) for analysis in whole.values()])
    analyses = [Analysis.of(window) for window in drawn]
    originals = [
        Analysis.of(Window(by_source[window.group], window.start, window.group))
        for window in drawn
    ]
    drafts = _excesses([count(analysis) for analysis in analyses], rates)
    bach = _excesses([count(analysis) for analysis in originals], rates)
    weights = regress(drafts - bach, ridge=_RIDGE)
    rules = np.array(
        [fault_cost(tally_rules(a.piece, start=a.start)) for a in analyses]
    )
    weights *= rules.std() / (drafts @ weights).std()
    return StyleCosts(
        rates=rates,
        weights={
            name: round(weight, _DIGITS)
            for name, weight in zip(DIRECTIONS, weights.tolist(), strict=True)
        },
        common=frozenset(pair for pair, found in chorales.items() if is_common(found)),
    )


def regress(differences: Float64Array, *, ridge: float) -> Float64Array:
    """Return the weights of a logistic regression of pairs, at least 0, (terms,).

    Args:
        differences: excesses of a draft minus those of Bach's chorale, (pairs, terms).
        ridge: of the weights of terms that are scaled to a mean square of 1.
    """
    from scipy.optimize import minimize

    scales = np.sqrt((differences**2).mean(axis=0))
    scales[scales == 0] = 1.0
    scaled = differences / scales

    def loss(weights: Float64Array) -> tuple[float, Float64Array]:
        margins = scaled @ weights
        wrong = np.exp(-np.logaddexp(0, margins))  # probability that the draft is Bach
        value = np.logaddexp(0, -margins).sum() + ridge / 2 * weights @ weights
        return float(value), ridge * weights - wrong @ scaled

    terms = scaled.shape[1]
    found = minimize(
        loss, np.zeros(terms), jac=True, bounds=[(0, None)] * terms, method="L-BFGS-B"
    )
    weights: Float64Array = found.x / scales
    return weights


def _rates(counts: Sequence[dict[str, Count]]) -> dict[str, float]:
    """Return all events by all opportunities, by term."""
    sums = {
        name: np.sum([count[name] for count in counts], axis=0) for name in DIRECTIONS
    }
    return {
        name: round(float(events / max(opportunities, 1)), _DIGITS)
        for name, (events, opportunities) in sums.items()
    }


def _excesses(
    counts: Sequence[dict[str, Count]], rates: dict[str, float]
) -> Float64Array:
    """Return the excess of each term in each window, (windows, terms)."""
    return np.array(
        [
            [
                excess(direction, count[name], rates[name])
                for name, direction in DIRECTIONS.items()
            ]
            for count in counts
        ]
    )


def main() -> None:
    """Draw drafts from train, fit the costs and write their file."""
    train = load_corpus().train
    model = load_model(kind=NEXT_STEP)
    # Drafts as they are before style weighs them.
    options = [SamplingOptions(style=0, random_state=number) for number in range(2)]
    drawn = [window for each in options for window in continue_each(model, train, each)]
    drawn += harmonize_each(model, train[::2], options[0])
    write(fit_style_costs(drawn, train))


def write(costs: StyleCosts) -> None:
    """Write the file of the costs."""
    table = {"made_by": _COMMAND, **costs.to_json()}
    write_text(FILE, json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
