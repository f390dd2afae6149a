"""A judgement in words and figures."""

from __future__ import annotations

import math
from collections.abc import Mapping

from chorale.evaluation.judgement import Judgement
from chorale.evaluation.style import FEATURES, Auc, Distance
from chorale.evaluation.style.two_sample import LEAST_GROUPS
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.utils.reports import Block, Heading, Paragraph, Table

_SHARES = {
    "complete": "ends on a complete cadence",
    "triad_over_root": "on a triad over its root",
    "on_tonic": "on the tonic",
    "authentic_or_plagal": "by an authentic or plagal bass step",
    "leaves_ranges": "a voice leaves its range in train",
    "has_rest": "a voice is silent somewhere",
}
_NOTHING = "-"


def judgement_blocks(
    judgement: Judgement, title: str, settings: Mapping[str, object] | None = None
) -> list[Block]:
    """Return what a judgement says, its pictures apart.

    Args:
        judgement: the rows.
        title: of what was judged.
        settings: by which the samples were drawn, by name; None if they were not.
    """
    sizes = ", ".join(
        f"{row_title(name)} {row.chorales}" for name, row in judgement.rows.items()
    )
    blocks: list[Block] = [
        Heading(f"Is it Bach? {title}", level=1),
        Paragraph(
            "Samples are judged without what they were given, beside other chorales of "
            "Bach's that no model has learnt from, beside parts of the chorales of "
            "train, and beside chorales written by counting alone, the n-gram. "
            f"Chorales: {sizes}."
        ),
        *_settings_blocks(settings or {}),
        Heading("Distances from train"),
        Paragraph(
            f"Of {judgement.size} chorales at a time, with 95 % intervals: 0 is alike. "
            "The column train is what chance alone makes of so many chorales. A star: "
            "significantly further away than Bach."
        ),
        distances_table(judgement),
        *_against_blocks(judgement),
        Heading("Part-writing"),
        Paragraph("Findings per 1,000 opportunities, see chorale check."),
        rules_table(judgement),
        Heading("Endings and ranges"),
        Paragraph(
            "Share of the chorales in percent. Those that were cut to the length of "
            "others have no ending."
        ),
        shares_table(judgement),
        Heading("Memory"),
        Paragraph(
            "What is found in train note for note, in any key: the longest stretch of "
            "a chorale in beats, and the share of windows in percent."
        ),
        memory_table(judgement),
        Heading("Told apart?"),
        Paragraph(
            "How well a classifier on these features tells the chorales from Bach's "
            "others, and these from train: the area under the ROC curve, "
            "cross-validated. 0.5 is a guess, 1 is always right. It takes "
            f"{LEAST_GROUPS} chorales at least."
        ),
        apart_table(judgement),
    ]
    if any(row.own_notes for row in judgement.rows.values()):
        blocks += [
            Heading("Bach's own notes"),
            Paragraph(
                "Of what was written to a melody of his: the share of the steps at "
                "which a voice sings what he wrote, in percent."
            ),
            own_notes_table(judgement),
        ]
    if judgement.other_metre or judgement.shorter:
        blocks.append(
            Paragraph(
                f"Of the windows of train beside the samples {judgement.other_metre} "
                f"are in another metre and {judgement.shorter} are shorter, for want "
                "of a chorale that matches."
            )
        )
    return blocks


def row_title(name: str) -> str:
    """Return how to call a row of a judgement."""
    return "Bach" if name == "bach" else name


def _settings_blocks(settings: Mapping[str, object]) -> list[Block]:
    if not settings:
        return []
    told = (f"{name.replace('_', ' ')} {value}" for name, value in settings.items())
    return [Paragraph(f"Samples were drawn with {', '.join(told)}.")]


def _against_blocks(judgement: Judgement) -> list[Block]:
    """Return what drawing otherwise does to the distances, if anything was."""
    if not judgement.against:
        return []
    return [
        Heading("Samples against others"),
        Paragraph(
            "How much further from train the samples are than those that were drawn "
            "otherwise, with 95 % intervals; below 0 they are nearer. Both are of the "
            "same beginnings, and are drawn again together for the intervals. A star: "
            "significantly further, two: significantly nearer."
        ),
        against_table(judgement),
    ]


def against_table(judgement: Judgement) -> Table:
    """Return how much further from train samples are than those drawn otherwise."""
    gaps = {
        name: [judgement.gap("samples", name, other=one) for one in judgement.against]
        for name in FEATURES
    }
    return Table(
        ("feature (unit)", *(f"against {name}" for name in judgement.against)),
        tuple((_feature_title(name), *map(_gap, line)) for name, line in gaps.items()),
    )


def distances_table(judgement: Judgement) -> Table:
    """Return the distances from train, a row a feature."""
    return _table(
        judgement,
        "feature (unit)",
        {
            _feature_title(name): [
                _distance(row.distances[name], judgement.is_worse(of, name))
                for of, row in judgement.rows.items()
            ]
            for name in FEATURES
        },
    )


def rules_table(judgement: Judgement) -> Table:
    """Return the findings per 1,000 opportunities, a row a rule that had any."""
    rows = judgement.rows.values()
    return _table(
        judgement,
        "rule",
        {
            rule: [_figure(row.rules[rule].per_thousand, 1) for row in rows]
            for rule in judgement.rows["samples"].rules
            if any(row.rules[rule].opportunities for row in rows)
        },
    )


def shares_table(judgement: Judgement) -> Table:
    """Return in how many chorales what happens, in percent."""
    shares: list[dict[str, float]] = [
        {
            **(row.cadences or {}),
            "leaves_ranges": row.leaves_ranges,
            "has_rest": row.has_rest,
        }
        for row in judgement.rows.values()
    ]
    return _table(
        judgement,
        "chorales in which",
        {
            label: [_figure(_percent(one.get(name)), 1) for one in shares]
            for name, label in _SHARES.items()
        },
    )


def memory_table(judgement: Judgement) -> Table:
    """Return what is copied from train; train itself is all copied."""
    copying = [row.copying for row in judgement.rows.values()]
    beats = next(one for one in copying if one is not None).shares
    cells = {
        "longest run, median (beats)": [
            _figure(None if one is None else one.median_steps / STEPS_PER_QUARTER, 1)
            for one in copying
        ],
        "longest run of all (beats)": [
            _figure(None if one is None else one.longest_steps / STEPS_PER_QUARTER, 1)
            for one in copying
        ],
    }
    for length in beats:
        cells[f"windows of {length} beats (%)"] = [
            _figure(_percent(None if one is None else one.shares[length]), 1)
            for one in copying
        ]
    return _table(judgement, "copied from train", cells)


def own_notes_table(judgement: Judgement) -> Table:
    """Return how often each voice sings what Bach's does, in percent."""
    shares = [row.own_notes or {} for row in judgement.rows.values()]
    voices = max(shares, key=len)
    return _table(
        judgement,
        "voice",
        {
            voice: [_figure(_percent(one.get(voice)), 1) for one in shares]
            for voice in voices
        },
    )


def apart_table(judgement: Judgement) -> Table:
    """Return how well chorales are told from Bach's."""
    return _table(
        judgement,
        "told apart",
        {"AUC": [_auc(row.two_sample_auc) for row in judgement.rows.values()]},
    )


def _table(judgement: Judgement, label: str, cells: dict[str, list[str]]) -> Table:
    header = (label, *map(row_title, judgement.rows))
    return Table(header, tuple((name, *line) for name, line in cells.items()))


def _feature_title(name: str) -> str:
    return f"{name.replace('_', ' ')} ({FEATURES[name].unit})"


def _distance(distance: Distance, is_worse: bool) -> str:
    if math.isnan(distance.value):  # nothing to compare
        return _NOTHING
    half = (distance.high - distance.low) / 2
    return f"{distance.value:.3f} ± {half:.3f}{' *' if is_worse else ''}"


def _gap(gap: Distance) -> str:
    return _distance(gap, gap.low > 0) + (" **" if gap.high < 0 else "")


def _auc(auc: Auc | None) -> str:
    if auc is None:
        return _NOTHING
    return f"{auc.value:.2f} ({auc.low:.2f} to {auc.high:.2f})"


def _figure(value: float | None, digits: int) -> str:
    return _NOTHING if value is None else f"{value:.{digits}f}"


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
