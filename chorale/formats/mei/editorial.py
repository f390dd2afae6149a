"""Editorial markup of MEI: corrections, additions and alternatives around anything."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from chorale.errors import DataError

# Elements whose content is read as if it stood in their place.
_TRANSPARENT = frozenset(
    "supplied unclear corr reg orig sic add restore damage lem rdg subst expan abbr "
    "ossia".split()
)
# Of alternatives the first that is here is read, else the first of all.
_CHOICES = {
    "app": ("lem",),
    "choice": ("corr", "reg", "expan", "supplied", "unclear", "orig", "sic", "abbr"),
}
_DEEPEST = 32  # elements in one another


def content(element: Element, left_out: set[str], depth: int = 0) -> Iterator[Element]:
    """Yield the children of an element, those of editorial elements in their place.

    Of alternatives one is read: the lemma, the correction, or the first. What is
    deleted is not read.

    Args:
        element: a section, measure, staff, layer, beam or chord.
        left_out: receives `alternative readings` where there are some.
        depth: how many editorial elements are around.

    Raises:
        DataError: too many editorial elements in one another.
    """
    if depth > _DEEPEST:
        raise DataError(
            f"expected at most {_DEEPEST} editorial elements in one another"
        )
    for child in element:
        if child.tag in _CHOICES:
            if child.tag == "app" and len(child) > 1:
                left_out.add("alternative readings")
            chosen = _chosen(child)
            if chosen is not None:
                yield from content(chosen, left_out, depth + 1)
        elif child.tag in _TRANSPARENT:
            yield from content(child, left_out, depth + 1)
        else:
            yield child


def _chosen(element: Element) -> Element | None:
    found = (element.find(name) for name in _CHOICES[element.tag])
    first = next(iter(element), None)
    return next((each for each in found if each is not None), first)
