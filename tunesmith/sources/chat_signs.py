"""Lines of a text -> what speaks for a chat of any style: dates and times, names that recur."""

import re
from collections import Counter
from collections.abc import Sequence

from tunesmith.sources.chats.whatsapp.stamps import plain
from tunesmith.sources.dialogues.speaker_labels import VOWEL_SIGNS
from tunesmith.sources.lines import excerpt
from tunesmith.sources.pages.question_text import marked_question, without_answer_mark

_DATE = (
    r"(?:\d{4}[./|-] ?\d{1,2}[./|-] ?\d{1,2}|\d{1,2}[./|-] ?\d{1,2}[./|-] ?(?:\d{4}|\d\d)"
    r"|\d{1,2}[.\- ]{1,2}[^\W\d]{3,12}[.\- ,]{1,2}\d{2,4}|[^\W\d]{3,12}\.? \d{1,2},? \d{4}"
    r"|\d{4}[년年] ?\d{1,2}[월月] ?\d{1,2}[일日])(?!\d)"
)
_TIME = r"(?:\d{1,2}[:h時时시]\d{2}|\d{1,2} h \d\d)(?!\d)"
_LEAD = r"^[^\w\n]{0,4}(?:\w{1,12}[^\w\n]{1,3}){0,2}(?:[^\W\d_a-zA-Z]{1,3})?"  # 上午10:11
_DATED = re.compile(rf"{_LEAD}(?:{_DATE}|{_TIME}|\d{{9,13}}\b)")
_TIMED_THEN_DATED = re.compile(rf"{_LEAD}{_TIME}(?::\d\d)?[^\w\n]{{1,3}}{_DATE}")
_TIMED = re.compile(rf"{_LEAD}{_TIME}")
_STAMPED = re.compile(
    rf"{_LEAD}(?:{_DATE}.{{0,12}}?(?<!\d)(?:{_TIME}|\d{{1,2}}\.\d\d(?!\d))|{_TIME}.{{0,12}}?{_DATE})"
    rf"|^.{{1,40}}\s[\[(]?(?:{_DATE}.{{1,4}})?{_TIME}(?::\d\d)?\s?(?:[ap]\.?m\.?)?[\])]?$",
    re.IGNORECASE,
)
_MARKUP = r"(?:[*_\[(<]|</?\w{1,10}>){0,3}"
_LABEL = re.compile(
    rf"^(?:[-*•] |\d{{1,3}}[.)] )?{_MARKUP}(?P<name>[^\W\d][\w .'’&(){VOWEL_SIGNS}-]{{0,30}}?)"
    rf"[\])]?{_MARKUP}>?(?:\s?(?:[:：>|←→»]|[-=]+>)[*_]{{0,2}}(?:\s|$)|\s[-–—]\s)"
)
_CLOCKED = re.compile(
    r"^.{4,70}?(?<!\d)\d{1,2}[:.]\d\d(?!\d)[^:]{0,20}?(?:\s[^\w\s]{1,2}\s|[\])}>]\s?)"
    r"(?P<name>[^\W\d][^:\n]{0,30}?):\s"
)
_ALONE = re.compile(r"^#{0,6}\s?(?P<name>[^\W\d][\w .'’-]{0,30})$")
_SEEN = 200  # characters of a line
_MOSTLY = 0.51
_STAMPED_SHARE = 0.2  # a name and a date above each message
_TIMED_SHARE = 0.4  # a time and a name above a message of one line
_ALONE_SHARE = 0.4  # a name above each message
_LABELLED_SHARE = {True: 0.5, False: 0.8}  # of plain text; of a page with marks, as fields have
_LEAST_SPEAKERS = 2


def chat_reason(lines: Sequence[str], *, is_plain: bool = True) -> str | None:
    """What speaks for a chat, which ends a sentence; None where nothing does.

    Args:
        lines: The first of a file that are not blank.
        is_plain: Whether they are plain text, not Markdown or the like.
    """
    written, lines = lines, [plain(line[:_SEEN]) for line in lines]
    first = ", ".join(f"`{excerpt(line)[:60].strip()}`" for line in lines[:2])
    for pattern, share, words in (
        (_DATED, _MOSTLY, "begin with a date or a time"),
        (_TIMED, _TIMED_SHARE, "begin with a time"),
        (_STAMPED, _STAMPED_SHARE, "hold a date and a time"),
    ):
        count = sum(pattern.match(line) is not None for line in lines)
        if count >= 2 and count >= share * len(lines):
            return f"{count} of its first {len(lines)} lines {words}: {first}"
    said = [plain(line[:_SEEN].replace("：", ": ")) for line in written]
    return (
        _names_reason(said, _LABEL, "begin with a name", _LABELLED_SHARE[is_plain])
        or _names_reason(lines, _ALONE, "are a name", _ALONE_SHARE)
        or _names_reason(lines, _CLOCKED, "hold a time and, behind it, a name", _MOSTLY)
    )


def dated_name_reason(lines: Sequence[str]) -> str | None:
    """What speaks against a transcript: dates that stand behind the time, and would be names."""
    count = sum(_TIMED_THEN_DATED.match(plain(line[:_SEEN])) is not None for line in lines)
    if count < 2 or count < _TIMED_SHARE * len(lines):
        return None
    return f"{count} of its first {len(lines)} lines begin with a time and a date"


def _names_reason(
    lines: Sequence[str], pattern: re.Pattern[str], words: str, share: float
) -> str | None:
    """What speaks for names, of which several recur."""
    names = Counter(match["name"] for line in lines if (match := pattern.match(line)))
    recurring = {
        name: count for name, count in names.items() if count >= 2 and not _is_of_faq(f"{name}: ")
    }
    num_said = sum(recurring.values())
    if len(recurring) < _LEAST_SPEAKERS or num_said < share * len(lines):
        return None
    shown = ", ".join(sorted(recurring)[:3])
    return f"{num_said} of its first {len(lines)} lines {words} that recurs: {shown}"


def _is_of_faq(label: str) -> bool:
    """Whether a label is of a page that asks and answers: `Q:`, `Antwort:`."""
    return marked_question(label) is not None or without_answer_mark(label) is not None
