"""What models that a training learns from had read, and what it holds out."""

from __future__ import annotations

from dataclasses import replace

from chorale.models.storage import load_card
from chorale.nn.provenance import models_read

BASE = replace(
    load_card("jsb"),
    data={
        "corpus": "hymns",
        "files": {"a.csv": "1", "b.csv": "2", "c.csv": "3", "d.csv": "4"},
        "held_out": ["d.csv"],
    },
)


def test_pieces_that_the_base_has_learned_and_training_holds_out_are_listed() -> None:
    own = {"corpus": "psalms", "files": {"train/x.csv": "1", "valid/y.csv": "2"}}
    data = models_read("base", {"runs/hymns": BASE}, own, held_out=["valid/y.csv"])
    assert data["files"] == {
        **own["files"],  # type: ignore[dict-item]
        "runs/hymns/b.csv": "2",
        "runs/hymns/c.csv": "3",
        "runs/hymns/d.csv": "4",
    }
    assert data["held_out"] == ["runs/hymns/d.csv"]
    # What training learns itself need not be listed twice.
    assert (
        "runs/hymns/b.csv"
        not in models_read("base", {"runs/hymns": BASE}, own)["files"]
    )


def test_what_several_models_held_out_is_kept() -> None:
    data = {"corpus": "psalms", "files": {}}
    data |= models_read("base", {"one": BASE}, data)
    data |= models_read("teachers", {"two": BASE}, data)
    # The teacher read nothing that the base had not.
    assert data["held_out"] == ["one/d.csv", "two/d.csv"]
    assert set(data["base"]) == {"one"} and set(data["teachers"]) == {"two"}
    bundled = models_read("base", {"bach": load_card("bach")}, {"files": {}})
    assert "held_out" not in bundled
