"""Editorial marks of MEI, which may stand around bars, staves, layers and notes."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from chorale.errors import DataError

# Of alternatives the first that is here is read.
_CHOICES = {"app": ("lem", "rdg"), "choice": ("corr", "reg", "orig", "sic")}
# Elements whose content is read as if it stood in their place.
_TRANSPARENT = frozenset(
    "supplied unclear corr reg orig sic add restore subst lem rdg".split()
)
_DEEPEST = 32  # marks in one another


def content(element: Element, depth: int = 0) -> Iterator[Element]:
    """Yield what is in an element, as if there were no editorial marks.

    Raises:
        DataError: too many marks in one another.
    """
    if depth > _DEEPEST:
        raise DataError(f"expected at most {_DEEPEST} editorial marks in one another")
    for child in element:
        if child.tag in _CHOICES:
            found = (child.find(name) for name in _CHOICES[child.tag])
            chosen = next((each for each in found if each is not None), None)
            if chosen is not None:
                yield from content(chosen, depth + 1)
        elif child.tag in _TRANSPARENT:
            yield from content(child, depth + 1)
        else:
            yield child
