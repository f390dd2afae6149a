from __future__ import annotations

import fractions

import pytest

from chorale.utils.lazy_names import import_when_used


def test_names_are_found_in_their_modules_and_others_are_refused() -> None:
    names, find = import_when_used("toy", {"fractions": ("Fraction",), "math": ("pi",)})
    assert names == ["Fraction", "pi"]
    assert find("Fraction") is fractions.Fraction
    with pytest.raises(AttributeError, match=r"module 'toy' has no attribute 'gcd'"):
        find("gcd")
