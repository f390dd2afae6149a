"""Colors of SVG and CSS: names, hexadecimal, rgb() and hsl()."""

from __future__ import annotations

import colorsys
import re
from typing import NamedTuple

_NAMES = """
aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff
beige f5f5dc bisque ffe4c4 black 000000 blanchedalmond ffebcd blue 0000ff
blueviolet 8a2be2 brown a52a2a burlywood deb887 cadetblue 5f9ea0 chartreuse 7fff00
chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c
cyan 00ffff darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9
darkgreen 006400 darkgrey a9a9a9 darkkhaki bdb76b darkmagenta 8b008b
darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc darkred 8b0000
darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f
darkslategrey 2f4f4f darkturquoise 00ced1 darkviolet 9400d3 deeppink ff1493
deepskyblue 00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff firebrick b22222
floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc
ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000
greenyellow adff2f grey 808080 honeydew f0fff0 hotpink ff69b4 indianred cd5c5c
indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa lavenderblush fff0f5
lawngreen 7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080
lightcyan e0ffff lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen 90ee90
lightgrey d3d3d3 lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa
lightskyblue 87cefa lightslategray 778899 lightslategrey 778899 lightsteelblue b0c4de
lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6 magenta ff00ff
maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3
mediumpurple 9370db mediumseagreen 3cb371 mediumslateblue 7b68ee
mediumspringgreen 00fa9a mediumturquoise 48d1cc mediumvioletred c71585
midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5
navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23
orange ffa500 orangered ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98
paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9
peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080
rebeccapurple 663399 red ff0000 rosybrown bc8f8f royalblue 4169e1 saddlebrown 8b4513
salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna a0522d
silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090
snow fffafa springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080
thistle d8bfd8 tomato ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3
white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32
""".split()
_HEX_BY_NAME = dict(zip(_NAMES[::2], _NAMES[1::2], strict=True))
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")
_VALUE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%|deg|rad|turn|grad)?")
_DEGREES = {"": 1.0, "deg": 1.0, "rad": 57.29578, "turn": 360.0, "grad": 0.9}


class Color(NamedTuple):
    """Red, green, blue and opacity, each from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def faded(self, opacity: float) -> Color:
        """Return the color with its opacity multiplied."""
        return self._replace(alpha=self.alpha * opacity)

    def over(self, ground: Color) -> Color:
        """Return the opaque color that is seen over an opaque ground."""
        red, green, blue = (
            self.alpha * above + (1 - self.alpha) * below
            for above, below in zip(self[:3], ground[:3], strict=True)
        )
        return Color(red, green, blue)

    def contrast(self, ground: Color) -> float:
        """Return the largest difference of a channel, 0 to 1, over an opaque ground."""
        seen = self.over(ground)
        return max(abs(a - b) for a, b in zip(seen[:3], ground[:3], strict=True))


WHITE = Color(1, 1, 1)
BLACK = Color(0, 0, 0)


def parse_color(text: str) -> Color | None:
    """Return a color as CSS writes it, None if it is none that is known."""
    text = text.strip().lower()
    if text == "transparent":
        return Color(0, 0, 0, 0)
    if text in _HEX_BY_NAME:
        text = f"#{_HEX_BY_NAME[text]}"
    if _HEX.fullmatch(text):
        digits = text[1:] if len(text) > 5 else "".join(2 * digit for digit in text[1:])
        return Color(
            *(int(digits[i : i + 2], 16) / 255 for i in range(0, len(digits), 2))
        )
    function = _FUNCTION.fullmatch(text)
    if function is None:
        return None
    values = [(float(number), unit) for number, unit in _VALUE.findall(function[2])]
    if len(values) not in (3, 4):
        return None
    alpha = 1.0 if len(values) == 3 else _share(*values[3], whole=1)
    if function[1] == "rgb":
        red, green, blue = (_share(*value, whole=255) for value in values[:3])
        return Color(red, green, blue, alpha)
    (hue, unit), (saturation, _), (lightness, _) = values[:3]
    turn = hue * _DEGREES.get(unit, 1.0) / 360 % 1
    rgb = colorsys.hls_to_rgb(
        turn, _share(lightness, "%", whole=1), _share(saturation, "%", whole=1)
    )
    return Color(*rgb, alpha)


def _share(number: float, unit: str, whole: float) -> float:
    """Return a value or a percentage as a share from 0 to 1."""
    return min(max(number / (100 if unit == "%" else whole), 0.0), 1.0)
