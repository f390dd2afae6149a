"""A judgement in pictures: PNG files' bytes, equal for equal judgements."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from chorale.evaluation.judgement import Judgement
from chorale.evaluation.style import FEATURES
from chorale.evaluation.tables import row_title
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart by the colour-blind too (Okabe & Ito, "Color Universal Design", 2008).
_COLOURS = {
    "samples": "#D55E00",
    "bach": "#0072B2",
    "train": "#777777",
    "n-gram": "#E69F00",
}
_COLOUR_AGAINST = "#009E73"  # of samples that were drawn otherwise
_VOICE_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00")
_MOST_BINS = 12  # of a histogram, the commonest
_ROOM = 0.8  # that the rows of a judgement share, of the distance of two ticks
_DOTS = 100  # an inch


def distances_picture(judgement: Judgement) -> bytes:
    """Draw how far each row is from train, each feature on a scale of its own.

    What chance makes of it, the row of train, is 1.
    """
    from matplotlib.figure import Figure

    names = list(FEATURES)
    figure = Figure(figsize=(8, 0.5 * len(names) + 1))
    axes = figure.subplots()
    chance = judgement.rows["train"].distances
    shown = list(judgement.rows)
    for row, title in enumerate(shown):
        distances = judgement.rows[title].distances
        values = np.array([distances[name].value for name in names])
        ends = np.array([(distances[name].low, distances[name].high) for name in names])
        unit = np.array([chance[name].value for name in names])
        unit = np.where(unit > 0, unit, 1)
        heights = np.arange(len(names)) + _place(row, len(shown))
        axes.errorbar(
            values / unit,
            heights,
            xerr=np.abs(ends.T - values) / unit,
            fmt="o",
            markersize=4,
            color=_COLOURS.get(title, _COLOUR_AGAINST),
            label=row_title(title),
        )
    axes.set_xscale("log")
    axes.axvline(1, color="#CCCCCC", zorder=0)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.invert_yaxis()
    axes.set_xlabel("distance from train, in distances that chance makes")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return _png(figure)


def histograms_picture(judgement: Judgement, feature: str) -> bytes:
    """Draw the commonest bins of a feature, all parts together, in each row."""
    from matplotlib.figure import Figure

    bins = FEATURES[feature].bins
    shares = {}
    for title, profile in judgement.profiles.items():
        counts = profile.counts[feature].sum(axis=(0, 1))
        shares[title] = counts / max(counts.sum(), 1)
    commonest = np.argsort(-shares["train"], kind="stable")[:_MOST_BINS]
    if FEATURES[feature].values is not None:  # ordered: keep the order
        commonest = np.sort(commonest)
    figure = Figure(figsize=(8, 3))
    axes = figure.subplots()
    for row, (title, share) in enumerate(shares.items()):
        axes.bar(
            np.arange(len(commonest)) + _place(row, len(shares)),
            share[commonest],
            width=_ROOM / len(shares),
            color=_COLOURS.get(title, _COLOUR_AGAINST),
            label=row_title(title),
        )
    labels = [bins[index] for index in commonest]
    slanted = max(map(len, labels)) > 6
    axes.set_xticks(
        range(len(labels)),
        labels,
        rotation=30 if slanted else 0,
        ha="right" if slanted else "center",
    )
    axes.set_ylabel("share")
    axes.set_title(FEATURES[feature].summary, fontsize=10)
    axes.legend(frameon=False)
    return _png(figure)


def rules_picture(judgement: Judgement) -> bytes:
    """Draw the findings per 1,000 opportunities of each part-writing rule."""
    from matplotlib.figure import Figure

    rules = [
        name
        for name in judgement.rows["samples"].rules
        if any(row.rules[name].opportunities for row in judgement.rows.values())
    ]
    figure = Figure(figsize=(8, 0.45 * len(rules) + 1))
    axes = figure.subplots()
    for row, (title, one) in enumerate(judgement.rows.items()):
        axes.barh(
            np.arange(len(rules)) + _place(row, len(judgement.rows)),
            [one.rules[name].per_thousand or 0 for name in rules],
            height=_ROOM / len(judgement.rows),
            color=_COLOURS.get(title, _COLOUR_AGAINST),
            label=row_title(title),
        )
    axes.set_yticks(range(len(rules)), [name.replace("-", " ") for name in rules])
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlabel("findings per 1,000 opportunities")
    axes.legend(frameon=False)
    return _png(figure)


def piano_roll_picture(chorale: Chorale, start: int = 0) -> bytes:
    """Draw the notes of a chorale, and a line where its first `start` steps end."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.2))
    draw_piano_roll(figure.subplots(), chorale, start)
    return _png(figure)


def draw_piano_roll(axes: Axes, chorale: Chorale, start: int = 0) -> None:
    """Draw the notes of a chorale on matplotlib axes; fermatas are shaded."""
    for voice, name in enumerate(VOICE_NAMES):
        notes = chorale.notes(voice)
        axes.barh(
            [note.pitch for note in notes],
            [note.length - 0.25 for note in notes],
            left=[note.start for note in notes],
            height=0.9,
            color=_VOICE_COLOURS[voice],
            label=name,
        )
    barlines = np.flatnonzero(chorale.positions == 0)
    axes.set_xticks(barlines, [str(bar) for bar in chorale.bars[barlines]])
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(axis="x", linewidth=0.5)
    axes.set_axisbelow(True)
    edges = np.flatnonzero(np.diff(chorale.fermatas.astype(int), prepend=0, append=0))
    for first, end in edges.reshape(-1, 2):
        axes.axvspan(first, end, color="gold", alpha=0.3, linewidth=0, zorder=0)
    if start:
        axes.axvline(start, color="black", linestyle="--")
    axes.set(title=chorale.title, xlabel="bar", ylabel="MIDI note")
    axes.set_xlim(0, chorale.steps)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _place(row: int, rows: int) -> float:
    """Return where a row is drawn, from the tick that it shares with the others."""
    return _ROOM / rows * (row - (rows - 1) / 2)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(
        file, format="png", dpi=_DOTS, bbox_inches="tight", metadata={"Software": None}
    )
    return file.getvalue()
