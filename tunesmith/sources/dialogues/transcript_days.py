"""Lines of a transcript that tell the day, where its turns tell only the time -> seconds.

So write LINE (`2024/01/02(Tue)`), KakaoTalk (`--- 2024년 1월 2일 화요일 ---`) and WeChat.
"""

import re
from collections.abc import Mapping, Sequence

from tunesmith.sources.chats.whatsapp.stamps import find_orders, read_stamp, stamp_seconds
from tunesmith.sources.dialogues.moments import unix_seconds

_LONGEST = 60  # characters
_HAS_DIGITS = re.compile(r"(?:\D{0,45}\d){4}")
_RULES = re.compile(r"^[\s\-=—–_*]{3,}(?=\S)|(?<=\S)[\s\-=—–_*]{3,}$")


def day_lines(lines: Mapping[int, str], *, is_ruled: bool) -> dict[int, str]:
    """Of lines by number those that only tell a day, each with its words.

    Args:
        lines: That begin no turn.
        is_ruled: Whether a day stands between rules, since words fill lines of their own.
    """
    found = {}
    for number, line in lines.items():
        if len(line) > _LONGEST or not _HAS_DIGITS.match(line):
            continue
        text, num_rules = _RULES.subn("", line.strip())
        is_day = read_stamp(f"{text} 0:00") or unix_seconds(f"{text} 12:00 AM") is not None
        if is_day and (num_rules == 2 or not is_ruled):
            found[number] = text
    return found


def moments_on(days_and_times: Sequence[tuple[str, str]]) -> list[float | None]:
    """Unix time of each pair of a day's words and a time's, as the file's clock showed it.

    A time that tells the day itself has none beside it.
    """
    texts = [f"{day} {time}".strip() for day, time in days_and_times]
    known = [
        unix_seconds(text) if text and not day else None
        for text, (day, _) in zip(texts, days_and_times, strict=True)
    ]
    stamps = [
        read_stamp(text) if one is None else None for text, one in zip(texts, known, strict=True)
    ]
    orders = find_orders([stamp for stamp in stamps if stamp])
    return [
        one if one is not None else stamp_seconds(stamp, orders) if stamp else unix_seconds(text)
        for text, one, stamp in zip(texts, known, stamps, strict=True)
    ]
