"""A judgement as plots: bytes of PNG files, equal for equal judgements."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from chorale.evaluation.judgement import Judgement
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.tables import set_title
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES
from chorale.utils.palette import (
    BLUE,
    DARK_GRAY,
    GREEN,
    LIGHT_GRAY,
    ORANGE,
    VERMILION,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {"samples": VERMILION, "bach": BLUE, "train": DARK_GRAY, "n-gram": ORANGE}
_VARIANT_COLOR = GREEN
_VOICE_COLORS = (BLUE, ORANGE, GREEN, VERMILION)
_MOST_BINS = 12  # of a histogram, the most frequent
_WIDTH = 0.8  # of the bars of all sets at a tick
_DPI = 100


def distances_picture(judgement: Judgement) -> bytes:
    """Plot the distances from train in units of the mean of the null distribution."""
    names = list(FEATURES)
    figure = _figure(8, 0.5 * len(names) + 1)
    axes = figure.subplots()
    null = judgement.metrics["train"].distances
    unit = np.array([null[name].value for name in names])
    unit = np.where(unit > 0, unit, 1)
    for index, (title, metrics) in enumerate(judgement.metrics.items()):
        distances = [metrics.distances[name] for name in names]
        values = np.array([distance.value for distance in distances])
        ends = np.array([(distance.low, distance.high) for distance in distances])
        axes.errorbar(
            values / unit,
            np.arange(len(names)) + _offset(index, len(judgement.metrics)),
            xerr=np.abs(ends.T - values) / unit,
            fmt="o",
            markersize=4,
            color=_COLORS.get(title, _VARIANT_COLOR),
            label=set_title(judgement, title),
        )
    axes.set_xscale("log")
    axes.axvline(1, color=LIGHT_GRAY, zorder=0)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.invert_yaxis()
    axes.set_xlabel("distance from train / mean of the null distribution")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return _png(figure)


def histograms_picture(judgement: Judgement, feature: str) -> bytes:
    """Plot the most frequent bins of a feature, summed over parts, in each set."""
    bins = FEATURES[feature].bins
    shares = {}
    for title, profile in judgement.profiles.items():
        counts = profile.counts[feature].sum(axis=(0, 1))
        shares[title] = counts / max(counts.sum(), 1)
    shown = np.argsort(-shares["train"], kind="stable")[:_MOST_BINS]
    if FEATURES[feature].values is not None:  # ordered bins
        shown = np.sort(shown)
    figure = _figure(8, 3)
    axes = figure.subplots()
    for index, (title, share) in enumerate(shares.items()):
        axes.bar(
            np.arange(len(shown)) + _offset(index, len(shares)),
            share[shown],
            width=_WIDTH / len(shares),
            color=_COLORS.get(title, _VARIANT_COLOR),
            label=set_title(judgement, title),
        )
    labels = [bins[index] for index in shown]
    slanted = max(map(len, labels)) > 6
    axes.set_xticks(
        range(len(labels)),
        labels,
        rotation=30 if slanted else 0,
        ha="right" if slanted else "center",
    )
    axes.set_ylabel("share")
    axes.set_title(FEATURES[feature].summary, fontsize=10)
    axes.legend(frameon=False, loc="upper right")
    return _png(figure)


def rules_picture(judgement: Judgement) -> bytes:
    """Plot the findings per 1,000 opportunities of each part-writing rule."""
    sets = judgement.metrics
    rules = [
        name
        for name in sets["samples"].rules
        if any(metrics.rules[name].opportunities for metrics in sets.values())
    ]
    figure = _figure(8, 0.45 * len(rules) + 1)
    axes = figure.subplots()
    for index, (title, metrics) in enumerate(sets.items()):
        axes.barh(
            np.arange(len(rules)) + _offset(index, len(sets)),
            [metrics.rules[name].per_thousand or 0 for name in rules],
            height=_WIDTH / len(sets),
            color=_COLORS.get(title, _VARIANT_COLOR),
            label=set_title(judgement, title),
        )
    axes.set_yticks(range(len(rules)), [name.replace("-", " ") for name in rules])
    axes.invert_yaxis()
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlabel("findings per 1,000 opportunities")
    axes.legend(frameon=False, loc="lower right")
    return _png(figure)


def piano_roll_picture(chorale: Chorale, start: int = 0) -> bytes:
    """Plot the notes of a chorale; a line marks the end of the first `start` steps."""
    figure = _figure(10, 3.2)
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
            color=_VOICE_COLORS[voice],
            label=name,
        )
    barlines = np.flatnonzero(chorale.positions == 0)
    axes.set_xticks(barlines, [str(bar) for bar in chorale.bars[barlines]])
    axes.tick_params(axis="x", labelsize=7)
    axes.grid(axis="x", linewidth=0.5)
    axes.set_axisbelow(True)
    for first, end in chorale.fermata_spans():
        axes.axvspan(first, end, color="gold", alpha=0.3, linewidth=0, zorder=0)
    if start:
        axes.axvline(start, color="black", linestyle="--")
    axes.set(title=chorale.title, xlabel="bar", ylabel="MIDI note")
    axes.set_xlim(0, chorale.steps)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height))


def _offset(index: int, sets: int) -> float:
    """Return the distance of a set's mark from the tick."""
    return _WIDTH / sets * (index - (sets - 1) / 2)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(
        file, format="png", dpi=_DPI, bbox_inches="tight", metadata={"Software": None}
    )
    return file.getvalue()
