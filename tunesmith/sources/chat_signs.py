"""Lines of a text -> what speaks for a chat of any style: dates and times, names that recur."""

import re
from collections import Counter
from collections.abc import Sequence

from tunesmith.sources.chats.whatsapp.stamps import plain
from tunesmith.sources.lines import excerpt

_DATE = (
    r"(?:\d{4}[./|-] ?\d{1,2}[./|-] ?\d{1,2}|\d{1,2}[./|-] ?\d{1,2}[./|-] ?(?:\d{4}|\d\d)"
    r"|\d{1,2}[.\- ]{1,2}[^\W\d]{3,12}[.\- ,]{1,2}\d{2,4}|[^\W\d]{3,12}\.? \d{1,2},? \d{4}"
    r"|\d{4}[년年] ?\d{1,2}[월月] ?\d{1,2}[일日])(?!\d)"
)
_TIME = r"(?:\d{1,2}[:h時时시]\d{2}|\d{1,2} h \d\d)(?!\d)"
_LEAD = r"^[^\w\n]{0,4}(?:\w{1,12}[ ,.]{1,2}){0,2}[^\w\n]{0,3}"
_DATED = re.compile(rf"{_LEAD}(?:{_DATE}|{_TIME})")
_STAMPED = re.compile(
    rf"{_LEAD}(?:{_DATE}.{{0,12}}?(?<!\d)(?:{_TIME}|\d{{1,2}}\.\d\d(?!\d))|{_TIME}.{{0,12}}?{_DATE})"
    rf"|^.{{1,40}}\s[\[(]?(?:{_DATE}.{{1,4}})?{_TIME}(?::\d\d)?\s?(?:[ap]\.?m\.?)?[\])]?$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^[*_\[(<]{0,3}(?P<name>[^\W\d][\w .'’&()-]{0,30}?)[*_\])]{0,3}\s?[:：>|][*_]{0,2}(?:\s|$)"
)
_ASKED = frozenset(  # labels of a page that asks and answers, which is no chat
    {"q", "a", "question", "answer", "f", "frage", "antwort", "pregunta", "respuesta", "réponse"}
)
_SEEN = 200  # characters of a line
_MOSTLY = 0.5
_STAMPED_SHARE = 0.2  # a name and a date above each message
_LABELLED_SHARE = {True: 0.5, False: 0.8}  # of plain text; of a page with marks, as fields have
_LEAST_SPEAKERS = 2


def chat_reason(lines: Sequence[str], *, is_plain: bool = True) -> str | None:
    """What speaks for a chat, which ends a sentence; None where nothing does.

    Args:
        lines: The first of a file that are not blank.
        is_plain: Whether they are plain text, not Markdown or the like.
    """
    lines = [plain(line[:_SEEN]) for line in lines]
    first = ", ".join(f"`{excerpt(line)[:60].strip()}`" for line in lines[:2])
    dated = sum(_DATED.match(line) is not None for line in lines)
    stamped = sum(_STAMPED.match(line) is not None for line in lines)
    if dated >= 2 and dated > _MOSTLY * len(lines):
        return f"{dated} of its first {len(lines)} lines begin with a date or a time: {first}"
    if stamped >= 2 and stamped >= _STAMPED_SHARE * len(lines):
        return f"{stamped} of its first {len(lines)} lines hold a date and a time: {first}"
    names = Counter(match["name"] for line in lines if (match := _LABEL.match(line)))
    recurring = {name: count for name, count in names.items() if count >= 2}
    is_faq = all(name.casefold() in _ASKED for name in recurring)
    num_said = sum(recurring.values())
    if (
        len(recurring) < _LEAST_SPEAKERS
        or is_faq
        or num_said < _LABELLED_SHARE[is_plain] * len(lines)
    ):
        return None
    shown = ", ".join(sorted(recurring)[:3])
    return f"{num_said} of its first {len(lines)} lines begin with a name that recurs: {shown}"
