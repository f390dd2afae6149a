"""Engraved scores: how does a chorale look as in a hymnal?

- `engraver`: a chorale becomes pages, SVG texts; what can be chosen
- `mei_score`: the score as MEI, whose elements are named by voice and step
- `toolkit`: Verovio, which engraves MEI
- `svg_cleaning`: SVG with nothing in it that a strict page would refuse
- `picture_files`: SVG and PNG files
"""

from chorale.formats.engraving.engraver import (
    EngravingOptions as EngravingOptions,
)
from chorale.formats.engraving.engraver import (
    Label as Label,
)
from chorale.formats.engraving.engraver import (
    engrave as engrave,
)
