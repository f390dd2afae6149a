"""A made-up table of daily riders: season, trend, holidays, gaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

# Added to the riders of each day from Monday on, and on holidays.
WEEK = np.array([0.0, 15, 18, 16, 8, -70, -110])
HOLIDAY = -120.0


def write_ridership(
    path: Path, *, seed: int = 0, days: int = 731, gaps: bool = True
) -> Path:
    """Write columns date, day_type (W, A or U as on Sundays), rail, bus, weather."""
    random = np.random.default_rng(seed)
    dates = np.datetime64("2022-01-01") + np.arange(days)
    weekdays = (dates.astype(int) + 3) % 7
    holidays = random.random(days) < 0.04
    kinds = np.where(holidays | (weekdays == 6), "U", np.where(weekdays == 5, "A", "W"))
    riders = []
    for base, scale in ((400, 1.0), (520, 1.3)):
        noise = random.normal(0, 14, days)
        for day in range(1, days):
            noise[day] += 0.7 * noise[day - 1]
        week = scale * np.where(holidays, HOLIDAY, WEEK[weekdays])
        riders.append(1000 * (base + 0.12 * np.arange(days) + week + noise))
    rows = ["date,day_type,rail,bus,weather"]
    for day in range(days):
        cells = [f"{line[day]:.0f}" for line in riders]
        if gaps and 200 <= day < 204:
            cells = ["", ""]
        if gaps and 420 <= day < 425:
            continue
        rows.append(f"{dates[day]},{kinds[day]},{','.join(cells)},{day % 10}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path
