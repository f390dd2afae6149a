"""The catalogue: what there is to choose from."""

from __future__ import annotations

import json

from chorale.music.keys import Key
from chorale.studio.catalogue import catalogue


def test_everything_to_choose_from_is_there() -> None:
    found = json.loads(json.dumps(catalogue(), allow_nan=False))
    assert [each["name"] for each in found["models"]] == ["bach", "jsb", "counterpoint"]
    assert all(each["summary"] for each in found["models"])
    seeds = found["seeds"]
    assert [each["number"] for each in seeds] == list(range(1, len(seeds) + 1))
    assert seeds[2]["source"] == "bwv393" and seeds[2]["key"] == "A major"
    assert seeds[2]["bars"] == 12 and seeds[2]["metre"] == "4/4" and seeds[2]["form"]
    assert len({Key.parse(name) for name in found["keys"]}) == 30
    assert len(found["words"]) == 338 and "star" in found["words"]
    assert found["limits"] == {"bytes": 10_000_000, "bars": 128, "variations": 8}
