"""A judgement as tables with explanations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from chorale.evaluation.copying import WINDOWS
from chorale.evaluation.judgement import BACH, Judgement
from chorale.evaluation.style.distances import Distance
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.measures.table import MEASURES, SUBJECTS
from chorale.evaluation.style.two_sample import LEAST_GROUPS
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.reports import Block, Heading, Items, Paragraph, Table
from chorale.utils.text import counted

_SHARES = {
    "complete": "complete final cadence",
    "triad_over_root": "final triad in root position",
    "on_tonic": "final chord on the tonic",
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
    sets, corpus = judgement.metrics, judgement.corpus
    blocks = _introduction(judgement, title, settings)
    blocks += [
        Heading("Summary"),
        Paragraph(f"{corpus} in the summary is train, which has most pieces."),
        Items(tuple(judgement.summary.sentences())),
    ]
    blocks += _section(
        "Distances from train",
        f"Subsets of {counted(judgement.size, 'chorale')}"
        + ", with 95 % intervals" * judgement.has_intervals
        + "; 0 = equal distributions. The column train is the null distribution. *: "
        f"significantly further from train than {corpus}.",
        distances_table(judgement),
    )
    if judgement.remark:
        blocks.append(Paragraph(f"Note: {judgement.remark}."))
    if judgement.variants:
        blocks += _section(
            "Samples against variants",
            "How much further from train the samples are than variants of the same "
            "prompts, with paired 95 % intervals. *: significantly further, **: "
            "significantly nearer.",
            variants_table(judgement),
        )
    blocks += _measure_sections(judgement) + _other_sections(judgement)
    if sets["samples"].note_accuracy:
        blocks += _section(
            f"{corpus}'s own notes",
            f"Percentage of the steps at which a harmonization of {corpus}'s melody "
            f"has the pitch of {corpus}'s own.",
            accuracy_table(judgement),
        )
    if judgement.other_metre or judgement.shorter:
        remark = (
            f"Train windows without a perfect match: {judgement.other_metre} in "
            f"another metre, {judgement.shorter} shorter."
        )
        blocks.append(Paragraph(remark))
    return blocks


def _measure_sections(judgement: Judgement) -> list[Block]:
    """Return a section with the rates of each subject."""
    corpus = judgement.corpus
    blocks: list[Block] = []
    for subject, measures in SUBJECTS.items():
        blocks += _section(
            subject.capitalize(),
            f"Percentages, or the unit that is named. The last column has the samples "
            f"minus {corpus}"
            + ", with a 95 % interval. *: significant" * judgement.has_intervals
            + ".",
            measures_table(judgement, measures),
        )
    return blocks


def _other_sections(judgement: Judgement) -> list[Block]:
    """Return the sections on rules, endings, copying and the two-sample test."""
    corpus = judgement.corpus
    return [
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
            f"distributions and rates, against {corpus}, that has also seen train; "
            f"the column {corpus} is against train. 0.5 = indistinguishable, 1 = "
            f"always right. Needs {LEAST_GROUPS} chorales.",
            two_sample_table(judgement),
        ),
    ]


def _introduction(
    judgement: Judgement, title: str, settings: Mapping[str, object] | None
) -> list[Block]:
    """Return the heading, what is compared, and the sampling options."""
    sets, corpus = judgement.metrics, judgement.corpus
    by_bach = corpus == BACH
    sizes = ", ".join(
        f"{set_title(judgement, name)} {sets[name].chorales}" for name in sets
    )
    held_out = "chorales by Bach" if by_bach else f"pieces of the corpus {corpus}"
    judged = "Samples without their openings" if settings else "The pieces"
    blocks: list[Block] = [
        Heading(
            f"Is it Bach? {title}" if by_bach else f"{title} beside {corpus}", level=1
        ),
        Paragraph(
            f"{judged} beside held-out {held_out}, random subsets of the training "
            "chorales (the null distribution), and samples of an n-gram model (the "
            f"baseline). Number of chorales: {sizes}."
        ),
    ]
    if settings:
        options = ", ".join(
            f"{name.replace('_', ' ')} {value}" for name, value in settings.items()
        )
        blocks.append(Paragraph(f"Sampling options: {options}."))
    return blocks


def set_title(judgement: Judgement, name: str) -> str:
    """Return the title of a set; of `bach`, the name of the corpus."""
    return judgement.corpus if name == "bach" else name


def distances_table(judgement: Judgement) -> Table:
    """Return the distances from train, one feature per row."""
    return _table(
        judgement,
        "feature (unit)",
        {
            _feature_title(feature): [
                _distance(metrics.distances[feature], judgement.has_intervals)
                + " *" * judgement.is_further(name, feature)
                for name, metrics in judgement.metrics.items()
            ]
            for feature in FEATURES
        },
    )


def measures_table(judgement: Judgement, names: Iterable[str]) -> Table:
    """Return the rates of some measures, and the signed difference of the samples."""
    rows = []
    for name in names:
        measure = MEASURES[name]
        unit = "" if measure.unit == "%" else f" ({measure.unit})"
        cells = [measure.summary + unit]
        for metrics in judgement.metrics.values():
            rate = metrics.measures[name]
            cells.append(
                _NOTHING if math.isnan(rate) else f"{measure.scale * rate:.1f}"
            )
        difference = judgement.metrics["samples"].differences[name]
        cells.append(_signed(difference, measure.scale, judgement.has_intervals))
        rows.append(tuple(cells))
    sets = (set_title(judgement, name) for name in judgement.metrics)
    header = ("rate", *sets, f"samples - {judgement.corpus}")
    return Table(header, tuple(rows))


def variants_table(judgement: Judgement) -> Table:
    """Return how much further from train the samples are than each variant."""
    rows = []
    for feature in FEATURES:
        cells = [_feature_title(feature)]
        for name in judgement.variants:
            excess = judgement.excess("samples", feature, over=name)
            star = " *" * (excess.low > 0) + " **" * (excess.high < 0)
            star *= judgement.has_intervals
            cells.append(_distance(excess, judgement.has_intervals) + star)
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
    """Return the percentage of the original notes in each voice."""
    voices = judgement.metrics["samples"].note_accuracy or ()
    cells = {
        voice: _cells(judgement, "note_accuracy", voice, scale=100) for voice in voices
    }
    return _table(judgement, "voice", cells)


def _section(title: str, text: str, table: Table) -> list[Block]:
    return [Heading(title), Paragraph(text), table]


def _table(judgement: Judgement, label: str, cells: dict[str, list[str]]) -> Table:
    header = (label, *(set_title(judgement, name) for name in judgement.metrics))
    return Table(header, tuple((name, *line) for name, line in cells.items()))


def _feature_title(name: str) -> str:
    return f"{name.replace('_', ' ')} ({FEATURES[name].unit})"


def _distance(distance: Distance, has_interval: bool) -> str:
    if math.isnan(distance.value):
        return _NOTHING
    if not has_interval:
        return f"{distance.value:.3f}"
    return f"{distance.value:.3f} ± {(distance.high - distance.low) / 2:.3f}"


def _signed(difference: Distance, scale: float, has_interval: bool) -> str:
    if math.isnan(difference.value):
        return _NOTHING
    value = f"{scale * difference.value:+.1f}"
    if not has_interval:
        return value
    half = scale * (difference.high - difference.low) / 2
    star = " *" if difference.low > 0 or difference.high < 0 else ""
    return f"{value} ± {half:.1f}{star}"


def _cells(judgement: Judgement, *keys: str | int, scale: float = 1) -> list[str]:
    """Return a figure of each set by its keys in the JSON, times `scale`."""
    cells = []
    for metrics in judgement.metrics.values():
        figure: Any = metrics.to_json()
        for key in keys:
            figure = None if figure is None else figure.get(key)
        cells.append(_NOTHING if figure is None else f"{scale * figure:.1f}")
    return cells
