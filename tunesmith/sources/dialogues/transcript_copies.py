"""Lines copied from a chat's window -> headers in one line each, what a message answers apart."""

import re
from collections.abc import Sequence, Set

_WRAPPED = re.compile(  # the rest of a header of Discord
    r"\s*[—–]\s.{0,20}\d{1,2}:\d\d(?:\s?[AaPp]\.?[Mm]\.?)?\s*"
)
_LONGEST_NAME = 40
_LONGEST_MARK = 80


def rejoined(lines: Sequence[str]) -> list[str]:
    """Lines in their places; a name and the time below it, which Discord's copies part, in one."""
    found = list(lines)
    for number in range(1, len(found)):
        name = found[number - 1]
        if 0 < len(name.strip()) <= _LONGEST_NAME and _WRAPPED.fullmatch(found[number]):
            found[number - 1 : number + 1] = [f"{name.strip()} {found[number].strip()}", ""]
    return found


def without_answered(text: str, names: Set[str]) -> tuple[str, list[str]]:
    """A message without the line above that says whom it answers, as in copies of Telegram."""
    first, _, rest = text.lstrip().partition("\n")
    said = first.strip()
    if not rest.strip() or len(said) > _LONGEST_MARK or said[:1] + said[-1:] != "[]":
        return text, []
    words = said[1:-1].split()
    is_name = any(" ".join(words[start:]) in names for start in range(1, len(words)))
    return (rest, [said]) if is_name else (text, [])
