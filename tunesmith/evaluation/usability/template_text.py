"""An answer that goes on in the template's own words: a header, a control token, a role's name."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from tunesmith.evaluation.usability.answered_row import AnsweredRow
from tunesmith.sources.lexicon import lexicon

_HEADING = (
    r"^\s*#{2,}\s*(?:Instruction|Input|Response|Question|Answer|Output|Human|User|Assistant)\b"
)
_CONTROL = (
    r"<\|[^\s|<>]{1,40}\|>|<｜[^<>]{1,40}｜>|</?s>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>"
)


def carries_template(row: AnsweredRow, markers: Sequence[str] = ()) -> str | None:
    """The first mark of a template in the answer that the reference does not hold too."""
    pattern = _pattern(tuple(markers))
    expected = {_bare(found) for found in pattern.findall(row.reference)}
    for found in pattern.findall(row.text):
        if _bare(found) not in expected:
            return repr(found.strip())
    return None


def _bare(mark: str) -> str:
    return mark.strip().casefold()


@lru_cache(maxsize=16)
def _pattern(markers: tuple[str, ...]) -> re.Pattern[str]:
    own = [re.escape(marker) for marker in markers if marker.strip()]
    signs = "|".join([*own, _HEADING, _CONTROL, _role()])
    return re.compile(signs, re.MULTILINE | re.IGNORECASE)


@cache
def _role() -> str:
    """How a turn begins where its speaker is named."""
    return rf"^[ \t]*(?:{lexicon(__package__).either('roles')})[ \t]*[:：]"
