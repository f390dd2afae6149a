"""A judgement as tables with explanations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chorale.evaluation.copying import WINDOWS
from chorale.evaluation.judgement import Judgement
from chorale.evaluation.style.distances import Distance
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.two_sample import LEAST_GROUPS
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.reports import Block, Heading, Paragraph, Table

_SHARES = {
    "complete": "complete final cadence",
    "triad_over_root": "final triad in root position",
    "on_tonic": "final chord on the tonic",
    "authentic_or_plagal": "authentic or plagal bass step to the final chord",
    "leaves_ranges": "a voice leaves its range in train",
    "has_rest": "a voice is silent somewhere",
}
_NOTHING = "-"


def judgement_blocks(
    judgement: Judgement, title: str, settings: Mapping[str, object] | None = None
) -> list[Block]:
    """Return a judgement as headings, paragraphs and tables.

    Settings are sampling options by name; None for chorales from files.
    """
    sets = judgement.metrics
    sizes = ", ".join(f"{set_title(name)} {sets[name].chorales}" for name in sets)
    blocks: list[Block] = [
        Heading(f"Is it Bach? {title}", level=1),
        Paragraph(
            "Samples without their openings beside held-out chorales by Bach, random "
            "subsets of the training chorales (the null distribution), and samples of "
            f"an n-gram model (the baseline). Number of chorales: {sizes}."
        ),
    ]
    if settings:
        options = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in settings.items()
        )
        blocks.append(Paragraph(f"Sampling options: {options}."))
    blocks += _section(
        "Distances from train",
        f"Subsets of {judgement.size} chorales, with 95 % intervals; 0 = equal "
        "distributions. The column train is the null distribution. *: significantly "
        "further from train than Bach.",
        distances_table(judgement),
    )
    if judgement.variants:
        blocks += _section(
            "Samples against variants",
            "How much further from train the samples are than variants of the same "
            "prompts, with paired 95 % intervals. *: significantly further, **: "
            "significantly nearer.",
            variants_table(judgement),
        )
    blocks += [
        *_section(
            "Part-writing",
            "Findings per 1,000 opportunities, see chorale check.",
            rules_table(judgement),
        ),
        *_section(
            "Endings and ranges",
            "Percentage of the chorales; those that were cut have no ending.",
            shares_table(judgement),
        ),
        *_section(
            "Copying",
            "Stretches that occur in train note for note, in any key: the longest of "
            "each chorale, and the percentage of all windows.",
            copying_table(judgement),
        ),
        *_section(
            "Classifier two-sample test",
            "Cross-validated area under the ROC curve of a classifier of these "
            "features, against Bach; the column Bach is against train. 0.5 = "
            f"indistinguishable, 1 = always right. Needs {LEAST_GROUPS} chorales.",
            two_sample_table(judgement),
        ),
    ]
    if sets["samples"].note_accuracy:
        blocks += _section(
            "Bach's own notes",
            "Percentage of the steps at which a harmonization of Bach's melody has the "
            "pitch of Bach's own.",
            accuracy_table(judgement),
        )
    if judgement.other_metre or judgement.shorter:
        remark = (
            f"Train windows without a perfect match: {judgement.other_metre} in "
            f"another metre, {judgement.shorter} shorter."
        )
        blocks.append(Paragraph(remark))
    return blocks


def set_title(name: str) -> str:
    """Return the title of a set."""
    return "Bach" if name == "bach" else name


def distances_table(judgement: Judgement) -> Table:
    """Return the distances from train, one feature per row."""
    return _table(
        judgement,
        "feature (unit)",
        {
            _feature_title(feature): [
                _distance(metrics.distances[feature])
                + " *" * judgement.is_further(name, feature)
                for name, metrics in judgement.metrics.items()
            ]
            for feature in FEATURES
        },
    )


def variants_table(judgement: Judgement) -> Table:
    """Return how much further from train the samples are than each variant."""
    rows = []
    for feature in FEATURES:
        cells = [_feature_title(feature)]
        for name in judgement.variants:
            excess = judgement.excess("samples", feature, over=name)
            star = " *" * (excess.low > 0) + " **" * (excess.high < 0)
            cells.append(_distance(excess) + star)
        rows.append(tuple(cells))
    header = ("feature (unit)", *(f"against {name}" for name in judgement.variants))
    return Table(header, tuple(rows))


def rules_table(judgement: Judgement) -> Table:
    """Return findings per 1,000 opportunities, one row for each rule with any."""
    tallies = [metrics.rules for metrics in judgement.metrics.values()]
    rules = [rule for rule in tallies[0] if any(t[rule].opportunities for t in tallies)]
    cells = {rule: _cells(judgement, "rules", rule, "per_thousand") for rule in rules}
    return _table(judgement, "rule", cells)


def shares_table(judgement: Judgement) -> Table:
    """Return the percentages of chorales with each property."""
    cells = {
        label: _cells(judgement, name, scale=100) for name, label in _SHARES.items()
    }
    return _table(judgement, "chorales in which", cells)


def copying_table(judgement: Judgement) -> Table:
    """Return what is copied from train; nothing for train itself."""
    cells = {
        f"longest run, {label} (beats)": _cells(
            judgement, "copying", name, scale=1 / STEPS_PER_QUARTER
        )
        for label, name in (("median", "median_steps"), ("maximum", "longest_steps"))
    }
    for beats in WINDOWS:
        cells[f"windows of {beats} beats (%)"] = _cells(
            judgement, "copying", "shares", beats, scale=100
        )
    return _table(judgement, "copied from train", cells)


def two_sample_table(judgement: Judgement) -> Table:
    """Return the AUC of each set."""
    aucs = (metrics.two_sample_auc for metrics in judgement.metrics.values())
    cells = [
        f"{auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f})" if auc else _NOTHING
        for auc in aucs
    ]
    return _table(judgement, "two-sample test", {"AUC": cells})


def accuracy_table(judgement: Judgement) -> Table:
    """Return the percentage of Bach's own notes in each voice."""
    voices = judgement.metrics["samples"].note_accuracy or ()
    cells = {
        voice: _cells(judgement, "own_notes", voice, scale=100) for voice in voices
    }
    return _table(judgement, "voice", cells)


def _section(title: str, text: str, table: Table) -> list[Block]:
    return [Heading(title), Paragraph(text), table]


def _table(judgement: Judgement, label: str, cells: dict[str, list[str]]) -> Table:
    header = (label, *map(set_title, judgement.metrics))
    return Table(header, tuple((name, *line) for name, line in cells.items()))


def _feature_title(name: str) -> str:
    return f"{name.replace('_', ' ')} ({FEATURES[name].unit})"


def _distance(distance: Distance) -> str:
    if math.isnan(distance.value):
        return _NOTHING
    return f"{distance.value:.3f} ± {(distance.high - distance.low) / 2:.3f}"


def _cells(judgement: Judgement, *keys: str | int, scale: float = 1) -> list[str]:
    """Return a figure of each set by its keys in the JSON, times `scale`."""
    cells = []
    for metrics in judgement.metrics.values():
        figure: Any = metrics.to_json()
        for key in keys:
            figure = None if figure is None else figure.get(key)
        cells.append(_NOTHING if figure is None else f"{scale * figure:.1f}")
    return cells
