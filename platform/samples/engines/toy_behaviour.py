"""What the name of a toy model asks of the toy engine.

The name holds options, for example "toy?tokens=2000&delay=0.05":

    tokens  mean length of a completion; lengths are uniform between half and one and a half of it (32)
    p       share of correct answers (0.4)
    taste   which table of log-probs: another number is another model (0)
    bigram  N draws completions from a table of N letters and the end token, at temperature 1; N is at most 26. The end
            token ends a completion with probability 1/tokens at each position. The table gives -inf to other bytes (0:
            filler and an answer)
    delay   seconds that one call of `sample` or `score` takes (0)
    fail    share of requests, of samples and of scores, that become error rows (0)
    nan     share of completions with a NaN among their log-probs, when drawn and when scored (0)
    inf     share of completions with a -inf among their log-probs, when drawn and when scored (0)
    shift   what `score` adds to each log-prob: a scorer that is wrong (0)
    dead    a file; of all engines that name it, the first call creates the file and raises EngineDead
    broken  a folder; as many engines as it has files take one away and cannot load
    abort   words; an engine that loads writes them to stderr and kills its process, like a driver that breaks
    poison  a text; an engine that is given a prompt with it does the same
    slow    a text; a call for a prompt with it takes twenty times its delay
    apart   seconds between two completions of one call (0: all end at the same time)
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from samples.engines import toy_table
from samples.errors import ModelError


@dataclass(frozen=True)
class Behaviour:
    """The options in the model's name."""

    tokens: int = 32
    p: float = 0.4
    taste: int = 0
    bigram: int = 0
    delay: float = 0.0
    fail: float = 0.0
    nan: float = 0.0
    inf: float = 0.0
    shift: float = 0.0
    dead: str = ""
    broken: str = ""
    abort: str = ""
    poison: str = ""
    slow: str = ""
    apart: float = 0.0

    @classmethod
    def parse(cls, model: str) -> "Behaviour":
        """Read the behaviour from a model's name.

        Raises:
            ModelError: The name is not a toy's, has an unknown option, or has a value out of range.
        """
        name, _, query = model.partition("?")
        if name != "toy":
            raise ModelError(f'the toy engine has one model, "toy" or "toy?option=value&…", not "{model}"')
        options: dict[str, int | float | str] = {}
        try:
            for option, value in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)):
                if option not in cls.__dataclass_fields__:
                    raise ModelError(
                        f'model "{model}": option "{option}" is not known: choose from '
                        + ", ".join(cls.__dataclass_fields__)
                    )
                options[option] = type(getattr(cls, option))(value)
        except ValueError as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f'model "{model}": {error}') from error
        behaviour = cls(**options)  # pyright: ignore[reportArgumentType]  # each value has its default's type
        shares = (behaviour.p, behaviour.fail, behaviour.nan, behaviour.inf)
        least = min(behaviour.delay, behaviour.apart)
        if behaviour.tokens < 1 or least < 0 or not all(0 <= share <= 1 for share in shares):
            raise ModelError(
                f'model "{model}": tokens must be at least 1, delay and apart at least 0, every share between 0 and 1'
            )
        if behaviour.taste < 0 or not 0 <= behaviour.bigram <= toy_table.LETTERS:
            raise ModelError(f'model "{model}": taste must be at least 0, and bigram between 0 and {toy_table.LETTERS}')
        return behaviour
