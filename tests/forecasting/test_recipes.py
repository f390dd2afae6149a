"""The table of the suite's networks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chorale.errors import UsageError
from chorale.forecasting.recipes import (
    EVERY_OTHER_STEP,
    EVERY_STEP,
    LAST_STEP,
    RECIPES,
    find_recipes,
)
from chorale.forecasting.series import TASKS


def test_recipes_are_found_in_the_order_of_the_table():
    found = find_recipes(["gru", "simple-rnn", "gru"])
    assert list(found) == ["simple-rnn", "gru"]
    assert found["gru"] is RECIPES["gru"]


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match=r"simple-rnn, .*wavenet.*, got 'gruu'"):
        find_recipes(["gru", "gruu"])


def test_titles_tell_recipes_apart():
    assert len({recipe.title for recipe in RECIPES.values()}) == len(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_of_one_piece(name):
    recipe = RECIPES[name]
    task = TASKS[recipe.task]
    assert recipe.positions in (LAST_STEP, EVERY_STEP, EVERY_OTHER_STEP)
    assert recipe.learning_rate > 0 and recipe.clip_norm >= 0
    # Blocks fill what is asked for.
    assert task.ahead % (recipe.block or task.ahead) == 0
    if not task.is_forecast:
        # What comes after a gap cannot be forecast step by step.
        assert recipe.positions == LAST_STEP and not recipe.block


def test_dropout_is_left_on_in_the_same_network():
    assert RECIPES["monte-carlo-dropout"].draws > 1
    assert RECIPES["monte-carlo-dropout"].build == RECIPES["dropout"].build


def test_listing_the_recipes_loads_no_keras():
    code = "import sys, chorale.forecasting.recipes; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
