"""The report of an import: counts by kind, and a short printed form."""

from __future__ import annotations

from pathlib import Path

import pytest

from chorale.corpus.importing.report import (
    Report,
    Row,
    kind_of,
    read_report,
    summary,
    write_report,
)


def report(*rows: Row) -> Report:
    return Report(
        options={"random_state": 0},
        sources={row.source: "id" for row in rows},
        hidden=1,
        spanning_groups=0,
        rows=rows,
    )


FURTHER = 'the further title "…" is left out'


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        (
            "expected four voices, got a single part, 1 (no name), with at most one "
            "note at once: chorale harmonize adds voices to a melody",
            "expected four voices, got a single part",
        ),
        (
            "row 12: expected a metre such as M:3/4, got M:FREI4/4",
            "expected a metre such as M:…/…",
        ),
        (
            "Piano: expected 2 voices on a staff, got 3 notes at once in bar 1, beat 1",
            "expected … voices on a staff",
        ),
        ("the key *D:dor does not fit", "the key *… does not fit"),
        ("chord symbols are left out in bars 60 and 68", "chord symbols are left out"),
        ("the further title 'Day of wrath' is left out", FURTHER),
        ('the further title "God\'s love" is left out', FURTHER),
        ("the further title 'Psalm 130: in G; or C' is left out", FURTHER),
        ("the further title 'the \"Old\" one\\'s' is left out", FURTHER),
        (
            "the alto's notes and the basses' are equal in bar 3",
            "the alto's notes and the basses' are equal",
        ),
        ('left out: part 5 "Piano", 6 "Piano"', "parts are left out"),
        ('voices are: soprano = part 1 "Violin I"', "parts are taken for voices"),
        (
            "the bass leaves its range: expected G1 to A4, got C5 in bar 5, beat 3",
            "the bass leaves its range",
        ),
        ("cannot read a .mus: export it as MusicXML", "cannot read a .mus"),
        ("x" * 100, "x" * 71 + "…"),
    ],
)
def test_similar_sentences_are_of_one_kind(sentence: str, kind: str) -> None:
    assert kind_of(sentence) == kind


def test_kinds_are_counted_once_a_piece_the_most_frequent_first() -> None:
    rows = [
        Row(source="a", status="repaired", changes=("x in bar 1", "x in bar 2", "y")),
        Row(source="b", status="repaired", changes=("x in bar 7",), estimated="key"),
        Row(source="c", status="refused", reason="no: 3"),
    ]
    answer = report(*rows).answer()
    assert answer["changes"] == {"x": 2, "y": 1}
    assert answer["refused"] == {"no": 1}
    assert answer["estimated"] == {"key": 1, "metre": 0}
    assert answer["pieces"] == {"accepted": 0, "repaired": 2, "refused": 1}


def test_a_long_list_of_kinds_is_cut() -> None:
    rows = [
        Row(source=letter, status="refused", reason=letter)
        for letter in "abcdefghijklmnopqrstu"
    ]
    lines = list(summary(report(*rows)))
    assert lines[0] == "21 files, 21 pieces"
    assert lines[4] == "       1  a (a)"
    assert lines[-1] == "       9  for other reasons, see report.json"
    assert len(lines) == 4 + 12 + 1


def test_the_first_of_similar_sentences_is_printed_as_it_is() -> None:
    key = "the key {} does not fit its signature"
    rows = [
        Row(source="a.krn", status="accepted"),
        Row(
            source="b.krn",
            status="repaired",
            changes=("3 notes are moved", key.format("*D:"), key.format("*E:")),
        ),
        Row(source="c.krn", status="repaired", changes=(key.format("*G:"),)),
        Row(source="d.abc", piece="X:2", status="repaired", changes=("slurs",)),
    ]
    assert list(summary(report(*rows)))[2:7] == [
        "repaired       3",
        "       2  the key *D: does not fit its signature (first: b.krn)",
        "       1  slurs (d.abc, X:2)",
        "       1  3 notes are moved (b.krn)",
        "refused        0",
    ]


def test_few_refused_pieces_are_listed_and_many_are_counted() -> None:
    reason = "expected 1 to 4, got {}: x"
    rows = [
        Row(source=f"{number}\n.mid", status="refused", reason=reason.format(number))
        for number in range(1, 22)
    ]
    few = list(summary(report(*rows[:20])))
    assert few[4:6] == [
        "          1\\n.mid: expected 1 to 4, got 1: x",
        "          2\\n.mid: expected 1 to 4, got 2: x",
    ]
    assert len(few) == 4 + 20
    assert list(summary(report(*rows)))[4:] == [
        "      21  expected 1 to 4, got 1: x (first: 1\\n.mid)"
    ]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    row = Row(
        source="ä.mid", status="repaired", changes=("one", "two"), notes=("three",)
    )
    write_report(report(row), tmp_path)
    assert read_report(tmp_path) == report(row)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"command": "other"}', '{"command": 3, "rows": [1]}']
)
def test_other_reports_are_none_of_an_import(tmp_path: Path, content: str) -> None:
    assert read_report(tmp_path) is None
    (tmp_path / "report.json").write_text(content)
    assert read_report(tmp_path) is None
