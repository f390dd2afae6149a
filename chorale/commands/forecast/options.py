"""Options that the forecast commands share."""

from __future__ import annotations


def parse_names(only: str) -> list[str]:
    return [name.strip() for name in only.split(",") if name.strip()]
