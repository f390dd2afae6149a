"""Can listeners tell samples from originals? A page with both in pairs, blind.

- `pairs`: an original and a sample with the same opening; which of them is A
- `packing`: what the page holds, so packed that the file does not show which is which
- `page`: the page, one file that needs nothing else; its parts are in the folder `page`
"""

from chorale.evaluation.listening.page import Wording as Wording
from chorale.evaluation.listening.page import listening_page as listening_page
from chorale.evaluation.listening.pairs import Pair as Pair
