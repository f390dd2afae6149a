"""The browser for the listening page, see `browsers`."""

from __future__ import annotations

from browsers import browser as browser
from browsers import browser_path as browser_path
