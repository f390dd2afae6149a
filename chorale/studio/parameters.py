"""Parameters of what the studio does: their names, bounds, defaults and meaning.

One table reads the options of jobs and the query parameters of editors, and describes
them in the OpenAPI document, so that none of these can say something else. What a
parameter is: `chorale.studio.parameter`.
"""

from __future__ import annotations

from chorale.corpus.seeds import NO_SEED
from chorale.models.storage import DEFAULT_MODEL, NEXT_STEP
from chorale.music.voices import VOICE_NAMES
from chorale.sampling import rewriting
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.logits import RULES_MODES
from chorale.sampling.next_step_options import SamplingOptions
from chorale.studio.model_cache import model_names
from chorale.studio.parameter import Parameter

MOST_BARS_TO_WRITE = 128  # of a piece to be written; the longest chorales have about 60
MOST_STEPS_TO_WRITE = 4096  # of such a piece: as many bars of 8/4
MOST_VARIATIONS = 8
_DEFAULTS = SamplingOptions()

VARIATIONS = Parameter(
    name="variations",
    summary="Number of pieces to choose from.",
    kind=int,
    default=1,
    least=1,
    most=MOST_VARIATIONS,
)
TEMPERATURE = Parameter(
    name="temperature",
    summary="Below 1 the notes are more predictable, above 1 more surprising; without "
    f"it {_DEFAULTS.temperature:g}, of infillers {InfillingOptions().temperature:g}.",
    kind=float,
    least=0.1,
    most=3,
)
RULES = Parameter(
    name="rules",
    summary="Part-writing: off ignores its rules, lenient makes notes that break one "
    "less likely, strict rules them out.",
    default=_DEFAULTS.rules,
    choices=lambda: RULES_MODES,
)
TOP_P = Parameter(
    name="top_p",
    summary="Draw only from the most likely notes that together have this "
    "probability; 1 draws from all.",
    kind=float,
    default=_DEFAULTS.top_p,
    least=0.01,
    most=1,
)
GUIDANCE = Parameter(
    name="guidance",
    summary="Next-step models: how much the key decides how the last bars go on; 0 "
    "follows the model alone.",
    kind=float,
    default=_DEFAULTS.guidance,
    least=0,
    most=10,
)
CRITIC = Parameter(
    name="critic",
    summary="Next-step models with a critic: how strongly it selects the drafts after "
    "every beat; 0 follows the model alone.",
    kind=float,
    default=_DEFAULTS.critic,
    least=0,
    most=10,
)
PARTICLES = Parameter(
    name="particles",
    summary="Next-step models: number of drafts side by side that are selected by how "
    "well they lead to the given notes. More are slower and fit better.",
    kind=int,
    least=1,
    most=64,
)
RANDOM_STATE = Parameter(
    name="random_state",
    summary="Seed of all randomness: another number gives another piece.",
    kind=int,
    default=_DEFAULTS.random_state,
    least=0,
    most=2**32 - 1,
)
VOICE = Parameter(
    name="voice",
    summary="Voice of the melody.",
    default=VOICE_NAMES[0],
    choices=lambda: VOICE_NAMES,
)
SEED = Parameter(
    name="seed",
    summary="Number of a seed, a bundled chorale such as bwv253, or none for no "
    "opening.",
    default="1",
    pattern=rf"{NO_SEED}|\d{{1,4}}|[bB][wW][vV] ?[\w.-]{{1,16}}",
)
BARS = Parameter(
    name="bars",
    summary="Length of the whole piece in bars.",
    kind=int,
    least=1,
    most=MOST_BARS_TO_WRITE,
)
OPENING = Parameter(
    name="opening",
    summary="Bars of the seed to keep at the beginning.",
    kind=int,
    least=1,
    most=MOST_BARS_TO_WRITE,
)
PASSAGE_BARS = Parameter(
    name="bars",
    summary="Bars to rewrite, such as 5-8 or 1,5-8; 0 is the pickup.",
    pattern=r"\s*\d{1,6}\s*(-\s*\d{1,6}\s*)?(,\s*\d{1,6}\s*(-\s*\d{1,6}\s*)?)*",
)
DISTANCE = Parameter(
    name="distance",
    summary="Share of the passage that differs from what it was, and between any two "
    "variations, where the model has such notes; 0 asks for no difference.",
    kind=float,
    default=rewriting.DISTANCE,
    least=0,
    most=1,
)
_NAMED = f"({'|'.join(VOICE_NAMES)})"
PASSAGE_VOICES = Parameter(
    name="voices",
    summary=f"Voices to rewrite, any of {', '.join(VOICE_NAMES)}, separated by commas.",
    pattern=rf"\s*{_NAMED}\s*(,\s*{_NAMED}\s*)*",
)


def _model(kind: str | None = None) -> Parameter:
    return Parameter(
        name="model",
        summary="Name of a trained model.",
        default=DEFAULT_MODEL,
        choices=lambda: model_names(kind),
    )


def _best_of(default: int) -> Parameter:
    return Parameter(
        name="best_of",
        summary="Number of drafts of each piece. Harmonizations go on from the best "
        "after each phrase; the judge keeps the one most like Bach's chorales.",
        kind=int,
        default=default,
        least=1,
        most=MOST_VARIATIONS,
    )


def options_of(kind: str | None, best_of: int) -> tuple[Parameter, ...]:
    """Return the options of an action.

    Args:
        kind: of its models; None for either.
        best_of: the default, as of the command.
    """
    shared = (TEMPERATURE, RULES, RANDOM_STATE, TOP_P, GUIDANCE, CRITIC)
    # New pieces have no given notes to lead to, and take the default number.
    own = () if kind == NEXT_STEP else (PARTICLES,)
    return (_model(kind), VARIATIONS, _best_of(best_of), *shared, *own)
