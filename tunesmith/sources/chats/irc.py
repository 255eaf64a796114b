"""An IRC log -> threads; a place is a line.

Read are `[03:10] <nick> text`, `03:10 <@nick> text`, `2004-11-15 03:10:00 <nick> text`,
`Nov 15 03:10:00 <nick> text` and tab-separated logs of weechat. `nick: text` speaks to nick, which
says who answers whom; the nick is taken off, since it belongs to the medium.
"""

import datetime
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.sources.chats.post import BOT_MESSAGE, SYSTEM_MESSAGE, Post, check_held
from tunesmith.sources.chats.spoken_to import Names
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.text_lines import read_text_lines

_PACE = ChannelPace(burst=90.0, alone=600.0, pause=600.0, wait=1200.0)
_FORMATTING = re.compile(  # colours, bold and the like, of mIRC and of terminals
    "\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|\x1b\\[[\\d;]*m"
    "|[\x02\x06\x07\x0f\x11\x16\x1d\x1e\x1f]"
)
_TIME = re.compile(
    r"^[\[(]?(?:(?P<date>\d{4}-\d\d-\d\d)[T ]|[A-Z][a-z]{2} [ \d]\d "
    r"|\d{1,4}[./-]\d\d?[./-]\d{2,4} )?"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r"(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?[\])]?\s+"
)
_SAID = re.compile(r"^<[ @+%&~!]?(?P<nick>[^\s<>]{1,40})>\s?(?P<text>.*)$")
_TABBED = re.compile(r"^[ @+%&~!]?(?P<nick>[^\s<>|*-]{1,40})\t(?P<text>.*)$")
_NOTICE = re.compile(r"(?:-->|<--|--|\*)\t")
_RENAMED = re.compile(r"(?P<old>\S+) is now known as (?P<new>\S+)")
_CAME = re.compile(r"\W*(?P<nick>[^\s\[(]{1,40}) [\[(]\S*[\])] +has (?:joined|left|quit)")
_DAY_SECONDS = 86_400.0
_Said = tuple[str, str, str, float]  # author, text, place, seconds


@dataclass(slots=True)
class _Log:
    """What is known after the lines read so far."""

    day: float = 0.0  # seconds at its midnight
    now: float = 0.0
    people: dict[str, str] = field(default_factory=dict)  # nick in lower case -> first nick


def is_irc_log(lines: Sequence[str], least_share: float) -> bool:
    """Whether enough lines are messages in one of the usual forms of a log, with a time.

    Args:
        lines: That are not blank, the first of a file.
        least_share: Of the lines, so that joins and the like may be among them.
    """
    forms = [_form(line) for line in lines]
    first = next((form for form in forms if form != "notice"), None)
    is_tabbed = first == "tabbed"  # and not a table with a header
    num_spoken = sum(form == "said" or (is_tabbed and form == "tabbed") for form in forms)
    return num_spoken >= 2 and num_spoken >= least_share * len(lines)


def _form(line: str) -> str | None:
    match = _TIME.match(line)
    if match is None:
        return None
    rest = line[match.end() :]
    if _NOTICE.match(rest):
        return "notice"
    tabbed = _TABBED.match(rest)
    is_tabbed = tabbed is not None and not tabbed["nick"][0].isdigit()
    return "said" if _SAID.match(rest) else "tabbed" if is_tabbed else None


def read_irc(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
    """The conversations of one channel, whose log is held whole.

    Raises:
        DataError: It is longer than memory should hold.
    """
    log = _Log()
    spoken: list[_Said] = []
    num_characters = 0
    for line in read_text_lines(path, name, without=_FORMATTING):
        if isinstance(line, Dropped):
            yield line
            continue
        num_characters += len(line.text)
        check_held(num_characters, name)
        said, source = _said(line.text, log), f"{name}:{line.number}"
        if said is not None:
            author, text = said
            if _program().fullmatch(author):
                fault = RowError(BOT_MESSAGE, f"written by the program {author}")
                yield Dropped.of(fault, source=source, text=text)
            else:
                spoken.append((author, text, source, log.now))
        elif line.text.strip():
            yield _not_said(line.text, source)
    if spoken:
        posts = list(_posts(spoken, Names(log.people)))
        yield from find_threads(posts, _PACE, are_addressed=True)


def _not_said(line: str, source: str) -> Dropped | NotRead:
    """Who came, went or took another name is noise; what somebody does may be missed."""
    match = _TIME.match(line)
    if _CAME.match(line, match.end() if match else 0) or _RENAMED.search(line):
        return NotRead(source=source, name="who came, went and was renamed", text=line)
    fault = RowError(SYSTEM_MESSAGE, "somebody acted, or the channel's program spoke")
    return Dropped.of(fault, source=source, text=line)


@functools.cache
def _program() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("irc_programs"))


def _said(line: str, log: _Log) -> tuple[str, str] | None:
    """Who said what; None for all else, after it was taken into the log."""
    match = _TIME.match(line)
    rest = line[match.end() :] if match else line
    if match:
        _tick(match, log)
    said = _SAID.match(rest) or (_TABBED.match(rest) if match else None)
    if said is None:
        _take_notice(rest, log.people)
        return None
    nick, text = said["nick"], said["text"].strip()
    author = log.people.setdefault(nick.casefold(), nick)
    return (author, text) if text else None


def _take_notice(text: str, people: dict[str, str]) -> None:
    """Who came, and who took another name; a name that was somebody's stays theirs."""
    if renamed := _RENAMED.search(text):
        old, new = renamed["old"].casefold(), renamed["new"].casefold()
        people.setdefault(new, people.get(old, renamed["old"]))
    elif came := _CAME.match(text):
        people.setdefault(came["nick"].casefold(), came["nick"])


def _posts(spoken: Iterable[_Said], names: Names) -> Iterator[Post]:
    """What was said, rid of the nicks at its beginning, and to whom."""
    for author, text, source, seconds in spoken:
        to, words = names.spoken_to(text)
        names.hear(author)
        turn = Turn(author=author, text=words or text, source=source, seconds=seconds)
        yield Post(turn=turn, to=tuple(name for name in to if name != author))


def _tick(match: re.Match[str], log: _Log) -> None:
    """Move the clock on; hours that go back begin another day."""
    seconds = int(match["hour"]) * 3600 + int(match["minute"]) * 60 + int(match["second"] or 0)
    if match["date"]:
        try:
            date = datetime.date.fromisoformat(match["date"])
        except ValueError:
            return
        log.day = date.toordinal() * _DAY_SECONDS
    elif log.day + seconds < log.now - _DAY_SECONDS / 2:
        log.day += _DAY_SECONDS
    log.now = log.day + seconds
