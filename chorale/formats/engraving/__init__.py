"""Engraved scores: how does a chorale look as in a hymnal?

- `engrave`: a chorale becomes pages, SVG texts; what can be chosen
- `mei_score`: the score as MEI, whose elements are named by voice and step
- `toolkit`: Verovio, which engraves MEI
- `svg_cleaning`: SVG with nothing in it that a strict page would refuse
- `pictures`: SVG and PNG files
"""

from chorale.formats.engraving.engrave import (
    EngravingOptions as EngravingOptions,
)
from chorale.formats.engraving.engrave import (
    Label as Label,
)
from chorale.formats.engraving.engrave import (
    engrave as engrave,
)
