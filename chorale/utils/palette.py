"""The one palette of all pictures, as hexadecimal RGB.

The hues are those of Okabe & Ito, "Color Universal Design" (2008), which readers with
color blindness can distinguish too.
"""

from __future__ import annotations

BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
VERMILION, PURPLE, SKY_BLUE = "#D55E00", "#CC79A7", "#56B4E9"
HUES = (BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY_BLUE)  # in the order of use

BLACK, DARK_GRAY, GRAY, LIGHT_GRAY = "#000000", "#777777", "#999999", "#CCCCCC"
GRID, SHADE = "#EEEEEE", "#F2F2F2"  # lines and areas behind the data
