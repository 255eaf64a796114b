"""A text of who said what -> threads; a place is a line.

Read are `Name: words`, with a time before or after the name or without, a line of name and time
above the words (Otter, Teams, Zoom, Discord), subtitles with voices or names (WebVTT, SRT), and
what LINE, KakaoTalk and Signal's exporters write. One form holds for a whole file: the one that
most lines have.
"""

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.sources.chats.message_intent import asks_question
from tunesmith.sources.chats.post import NO_TEXT, SYSTEM_MESSAGE, Post, as_thread, check_held
from tunesmith.sources.chats.signal_marks import without_signal_marks
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.dialogues.moments import clock_seconds
from tunesmith.sources.dialogues.rare_speakers import LabelledLine, rare_speakers
from tunesmith.sources.dialogues.said import Said, as_turns
from tunesmith.sources.dialogues.speaker_labels import VOWEL_SIGNS, is_action, is_staff_label
from tunesmith.sources.dialogues.transcript_copies import rejoined, without_answered
from tunesmith.sources.dialogues.transcript_days import day_lines, moments_on
from tunesmith.sources.dialogues.turn_fields import named
from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.material import Thread
from tunesmith.sources.row import Dropped, NotRead, RowError
from tunesmith.sources.tables.text_lines import TextLine, read_text_lines

_PACE = ChannelPace(burst=300.0, alone=3600.0, pause=2 * 3600.0, wait=24 * 3600.0)
_NAME = r"(?P<name>[^\W_][^\t:：\[\](){}<>|=]{0,39}?|\[[^\]:]{1,40}\])"
_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d\d(?:[.,]\d{1,3})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_DATE = (
    r"(?:\d{1,4}[-/. ][\w.]{1,9}[-/. ]\d{1,4},?[ T]"
    r"|(?:\d{4}[年년] ?)?\d{1,2}[月월] ?\d{1,2}[日일] ?)"
)
_WHEN = rf"(?P<when>(?:{_DATE})?{_CLOCK})"
_SAID_WHEN = (  # with a word for the day or a part of it: `Yesterday 10:11 AM`, `오전 10:11`
    rf"(?P<when>(?:{_DATE}|[^\W\d_]{{3,12}},? (?:at )?)?(?:[^\W\d_a-zA-Z]{{2,3}} ?)?{_CLOCK})"
)
_STAMP = rf"(?:[\[(]{_SAID_WHEN}[\])]|{_WHEN.replace('<when>', '<bare>')}(?:\s*-->\s*{_CLOCK})?)"
_COLON = r"(?:：(?:\*\*)?[ \t]*|:(?:\*\*)?(?:[ \t]+|$))"  # a wide one needs no blank
_FORMS = {  # the surest first; what follows a header without words are its words
    "zoom chat": rf"{_WHEN}\s+From\s+(?P<name>.{{1,60}}?)(?:\s+to\s+[^:]{{1,60}})?\s*:"
    r"\s*(?P<words>.*)",
    "time, name, words": rf"{_STAMP}[ \t]*[-–]?[ \t]*{_NAME}[ \t]*{_COLON}(?P<words>.*)",
    "time, name in columns": rf"{_SAID_WHEN}\t(?P<name>[^\t]{{1,60}})\t(?P<words>.*)",
    "time, name": rf"[\[(]{_SAID_WHEN}[\])][ \t]*(?P<name>[^\s:\[{{<*][^:\[{{<\n]{{0,39}})",
    "name, time, words": rf"{_NAME}[ \t]*[\[(]{_SAID_WHEN}[\])][ \t]*[:：]?(?:[ \t]+|$)"
    r"(?P<words>.*)",
    "name, time": rf"{_NAME}[ \t]+{_WHEN}[ \t]*[:：]?",
    "name, words": rf"[ \t]*(?:\*\*)?(?P<name>[^\W\d_][\w .'’(){VOWEL_SIGNS}-]{{0,39}}?)(?:\*\*)?"
    rf"[ \t]*{_COLON}(?P<words>.*)",
}
_MARKS = re.compile("[\u200e\u200f\ufeff]")
_CUE = re.compile(rf"\s*{_CLOCK}\s+-->\s+{_CLOCK}.*")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+(?P<name>[^>]{1,60})>(?P<words>.*)")
_TAG = re.compile(r"</?(?:[cvbiu]|lang|ruby|rt)(?:[. ][^>]*)?>|<\d\d:[\d:.]+>")
_PART = re.compile(r"\{(Attachments|Embed|Embeds|Reactions|Stickers|Stickers? .*)\}\s*")
_RULE = re.compile(r"\s*[=\-_*]{4,}\s*")
_NUM_LINES = 400
_DATED = re.compile(_DATE)
_BESIDE = re.compile(r"\s[-–—]\s")
_STAMPED = re.compile(rf"(?:[\[(]{_SAID_WHEN}[\])]|{_SAID_WHEN.replace('<when>', '<bare>')}\t).*")
_ONLY_STAMP = re.compile(rf"[\[(]{_WHEN}[\])]")
_DAY_BEHIND = re.compile(r"\s[—–](?:\s.*)?$|,$")  # of a name: `Ann — Today at`
_PLACEHOLDER = re.compile(r"\[[^\]\n]{1,20}\]")  # for a picture or a sticker
_ERA = 1e8  # seconds: more are a date, fewer a time since a recording began


@dataclass(slots=True)
class _Spoken:
    """A turn while its lines are read."""

    name: str
    when: str
    line: int
    words: list[str] = field(default_factory=list)
    day: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptForm:
    """How a file writes who speaks."""

    name: str
    pattern: re.Pattern[str]
    is_subtitle: bool = False


def find_form(lines: Sequence[str]) -> TranscriptForm | None:
    """The form of a transcript that most lines have; None where the text is none."""
    first = rejoined(lines[:_NUM_LINES])
    some = [line for line in first if line.strip() and not _RULE.fullmatch(line)]
    cues = sum(_CUE.fullmatch(line) is not None for line in some)
    if cues >= 2:
        voices = [match for line in some if (match := _VOICE.match(line))]
        if len(voices) * 4 >= cues:
            return TranscriptForm("subtitles", _VOICE, is_subtitle=True)
        some = [line for line in some if not _CUE.fullmatch(line) and not line.strip().isdigit()]
        some = [line for line in some if not line.startswith("WEBVTT")]
        is_spoken = _is_spoken(_patterns()["name, words"], some, is_timed=True)
        return (
            TranscriptForm("subtitles", _patterns()["name, words"], is_subtitle=True)
            if is_spoken
            else None
        )
    for name, pattern in _patterns().items():
        if _is_spoken(pattern, some, is_timed=name != "name, words") and not (
            name == "time, name" and _is_stamped_otherwise(pattern, some)
        ):
            return TranscriptForm(name, pattern)
    return None


def read_transcript(path: Path, name: str) -> Iterator[Thread | Dropped | NotRead]:
    """The conversation of a transcript; those of an open channel, where it has dates.

    Raises:
        DataError: It names no speakers.
    """
    lines: list[TextLine] = []
    num_characters = 0
    for line in read_text_lines(path, name, without=_MARKS):
        if isinstance(line, Dropped):
            yield line
            continue
        num_characters += len(line.text)
        check_held(num_characters, name)
        lines.append(line)
    texts = rejoined([line.text for line in lines])
    lines = [line._replace(text=text) for line, text in zip(lines, texts, strict=True)]
    form = find_form(texts) or _form_told(texts)
    if form is None:
        cure = "Write each turn as Name: words, or name another kind."
        raise DataError("names no speakers, line by line", where=name, cure=cure)
    said: list[Said] = []
    parts = list(_parts(lines, form, name))
    spoken = [part for part in parts if isinstance(part, _Spoken)]
    names = {part.name for part in spoken}
    moments = iter(moments_on([(part.day, part.when) for part in spoken]))
    for part in parts:
        if isinstance(part, _Spoken):
            text, marks = without_signal_marks("\n".join(part.words))
            text, answered = without_answered(text, names)
            marks += answered
            for mark in marks:
                yield NotRead(source=f"{name}:{part.line}", name="beside the words", text=mark)
            item = _said(part, text, name, next(moments))
            if isinstance(item, Dropped):
                yield item
            else:
                said.append(item)
        else:
            yield part
    yield from _threads(said)


def _form_told(lines: Sequence[str]) -> TranscriptForm | None:
    """The form that most lines have of what its user calls a transcript; two names recur in it."""
    best: tuple[int, TranscriptForm | None] = (0, None)
    for name, pattern in _patterns().items():
        found = [match for line in lines if (match := pattern.fullmatch(line.rstrip()))]
        names = Counter(_bare(match["name"]).casefold() for match in found)
        if len(found) > best[0] and sum(count > 1 for count in names.values()) > 1:
            best = len(found), TranscriptForm(name, pattern)
    return best[1]


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in _FORMS.items()}


def _is_spoken(pattern: re.Pattern[str], lines: Sequence[str], *, is_timed: bool) -> bool:
    """Whether people speak in lines of a form, and not a log, a FAQ or a list of facts."""
    matches = [match for line in lines if (match := pattern.fullmatch(line.rstrip()))]
    names = Counter(_bare(match["name"]).casefold() for match in matches)
    keys = set(names)
    if len(matches) < 2 or len(keys) < 2 or keys & named("log_levels"):
        return False
    num_dated = sum(map(_is_dated_beside_name, matches))
    num_of_faq = sum(
        names[key] for key in keys if key.rstrip("0123456789 .") in named("faq_labels")
    )
    if num_of_faq * 2 >= len(matches) or num_dated * 2 > len(matches):
        return False
    if any(is_staff_label(one) for one in keys) and any(
        is_staff_label(one) is False for one in keys
    ):
        return True
    num_repeated = sum(count for count in names.values() if count > 1)
    if len([count for count in names.values() if count > 1]) < 2 and not is_timed:
        return False
    asks = any(asks_question(line) for line in lines)
    if is_timed:
        return asks or len(matches) * 10 >= 6 * len(lines)
    is_first = pattern.fullmatch(lines[0].rstrip()) is not None and not _is_cycle(matches)
    return asks and is_first and num_repeated * 10 >= 7 * len(matches)


def _is_stamped_otherwise(pattern: re.Pattern[str], lines: Sequence[str]) -> bool:
    """Whether most lines with a time are of another form, as in a log whose program is noted."""
    stamped = [line.rstrip() for line in lines if _STAMPED.fullmatch(line.rstrip())]
    return 2 * sum(pattern.fullmatch(line) is not None for line in stamped) <= len(stamped)


def _is_dated_beside_name(match: re.Match[str]) -> bool:
    """Whether a word of the date stands where the name begins: `14/10/24, 3:50 PM - Ann`."""
    return _DATED.match(_when(match)) is not None and _BESIDE.search(match["name"]) is not None


def _is_cycle(matches: Sequence[re.Match[str]]) -> bool:
    """Whether each of three names and more has its successor, as fields of records do."""
    names = [_bare(match["name"]).casefold() for match in matches]
    if len(set(names)) < 3 or len(names) < 7:
        return False
    following = Counter(pairwise(names))
    usual: dict[str, int] = {}
    for (before, _), count in following.items():
        usual[before] = max(count, usual.get(before, 0))
    return sum(usual.values()) * 10 >= 8 * (len(names) - 1)


def _bare(name: str) -> str:
    found = name.strip().strip("[]*").removesuffix("(pinned)").strip()
    return _DAY_BEHIND.sub("", found).strip() or found


def _parts(
    lines: Sequence[TextLine], form: TranscriptForm, name: str
) -> Iterator[_Spoken | NotRead]:
    """Turns with their lines; what stands before the first, and beside the words."""
    known = _speakers(lines, form)
    days = _days(lines, form)
    apart = _cue_ids(lines) if form.is_subtitle else _notices(lines, form) | days
    day = ""
    part: _Spoken | None = None
    beside: tuple[str, int, list[str]] = ("before the first turn", 1, [])
    is_beside = True
    when = ""
    for line in lines:
        text = line.text.rstrip()
        if form.is_subtitle and _CUE.fullmatch(text):
            when = text.split("-->", 1)[0].strip()
            is_beside = part is None
            continue
        match = form.pattern.fullmatch(text)
        if match and _bare(match["name"]).casefold() in known:
            yield from _noted(beside, name)
            beside, is_beside = ("", line.number, []), False
            if part is not None:
                yield part
            part = _Spoken(_bare(match["name"]), _when(match) or when, line.number, day=day)
            part.words.append(match.groupdict().get("words") or "")
        elif named_part := _PART.fullmatch(text):
            yield from _noted(beside, name)
            beside, is_beside = (named_part[1].lower(), line.number, []), True
        elif line.number in apart:
            day = days.get(line.number, day)
            what = "days" if line.number in days else apart[line.number]
            yield from _noted((what, line.number, [text]), name)
        elif _RULE.fullmatch(text) and part is not None and not is_beside:
            yield from _noted(beside, name)
            beside, is_beside = ("lines between turns", line.number, [text]), True
        elif is_beside or part is None:
            beside[2].append(text)
        else:
            part.words.append(text)
    if part is not None:
        yield part
    yield from _noted(beside, name)


def _notices(lines: Sequence[TextLine], form: TranscriptForm) -> dict[int, str]:
    """The lines, by number, that have a time but no name: what a program wrote, or a time alone."""
    if form.name in ("time, name, words", "time, name in columns"):
        return {line.number: "notices" for line in lines if _STAMPED.fullmatch(line.text.rstrip())}
    alone = [line for line in lines if _ONLY_STAMP.fullmatch(line.text.strip())]
    return {line.number: "times" for line in alone} if form.name == "name, time" else {}


def _days(lines: Sequence[TextLine], form: TranscriptForm) -> dict[int, str]:
    """The lines, by number, that tell the day of the turns below; turns with dates have none."""
    if form.is_subtitle or form.name == "name, words":
        return {}
    heads = ((line, form.pattern.fullmatch(line.text.rstrip())) for line in lines)
    others = {}
    for line, head in heads:
        if head is None:
            others[line.number] = line.text
        elif _DATED.match(_when(head)):
            return {}
    return day_lines(others, is_ruled=form.name in ("name, time", "time, name"))


def _cue_ids(lines: Sequence[TextLine]) -> dict[int, str]:
    """The lines, by number, that stand above a subtitle's times and below a blank one."""
    found = {}
    for before, line, after in zip([None, *lines], lines, lines[1:], strict=False):
        is_alone = before is None or not before.text.strip()
        if is_alone and _CUE.fullmatch(after.text) and line.text.strip():
            found[line.number] = "numbers of subtitles"
    return found


def _noted(beside: tuple[str, int, list[str]], name: str) -> Iterator[NotRead]:
    what, line, texts = beside
    if any(text.strip() for text in texts):
        yield NotRead(source=f"{name}:{line}", name=what, text="\n".join(texts))


def _speakers(lines: Sequence[TextLine], form: TranscriptForm) -> set[str]:
    """Names that speak: with a time any; without one that recur, name a side, or are a name."""
    found = (form.pattern.fullmatch(line.text.rstrip()) for line in lines)
    labelled = [
        LabelledLine(place, _bare(match["name"]), match.groupdict().get("words") or "")
        for place, match in enumerate(found)
        if match
    ]
    names = Counter(one.label.casefold() for one in labelled)
    if form.pattern is not _patterns()["name, words"]:
        return set(names)
    if form.is_subtitle and len(cues := _cue_starts(lines, form)) > 1:
        return {one for one, count in names.items() if count > 1} | cues
    told = {one for one in names if is_staff_label(one) is not None or is_action(one)}
    if {True, False} <= {is_staff_label(one) for one in told}:
        known = told | {one for one, count in names.items() if count > 2}
    else:
        known = {one for one, count in names.items() if count > 1}
    return known | rare_speakers([line.text for line in lines], labelled, known)


def _cue_starts(lines: Sequence[TextLine], form: TranscriptForm) -> set[str]:
    """The names that begin subtitles, where most begin with one."""
    first = [line for before, line in pairwise(lines) if _CUE.fullmatch(before.text)]
    found = [match for line in first if (match := form.pattern.fullmatch(line.text.rstrip()))]
    names = {_bare(match["name"]) for match in found} if len(found) * 2 > len(first) else set()
    return {one.casefold() for one in names if not any(word[0].islower() for word in one.split())}


def _when(match: re.Match[str]) -> str:
    found = match.groupdict()
    return found.get("when") or found.get("bare") or ""


def _said(part: _Spoken, words: str, name: str, seconds: float | None) -> Said | Dropped:
    text = _TAG.sub("", words).strip()
    source = f"{name}:{part.line}"
    if "\n" in text and text[0] == text[-1] == '"':
        text = text[1:-1].strip()  # so LINE keeps lines together
    if _PLACEHOLDER.fullmatch(text):
        fault = RowError(NO_TEXT, "a picture, a file or a sticker")
        return Dropped.of(fault, source=source, text=text)
    if not text:
        return Dropped.of(RowError(NO_TEXT, "a turn without words"), source=source, text=part.name)
    if _notice().fullmatch(text):
        return Dropped.of(RowError(SYSTEM_MESSAGE, "written by the app"), source=source, text=text)
    if seconds is None and part.when:
        seconds = clock_seconds(part.when)
    account = part.name if seconds is not None and seconds > _ERA else ""  # a name, and no label
    return Said(text=text, source=source, author=part.name, account=account, seconds=seconds)


@functools.cache
def _notice() -> re.Pattern[str]:
    """What an app writes in somebody's name."""
    notices = lexicon(__package__).either("transcript_notices")
    return re.compile(rf"(?:{notices})\.?\s*", re.IGNORECASE)


def _threads(said: Sequence[Said]) -> Iterator[Thread | Dropped]:
    spoken = []
    for one in as_turns(said):
        if isinstance(one, Dropped):
            yield one
        else:
            spoken.append(one[1])
    if not spoken:
        return
    is_dated = all(turn.seconds is not None and turn.seconds > _ERA for turn in spoken)
    if is_dated and all(turn.is_staff is None for turn in spoken):
        yield from find_threads([Post(turn=turn) for turn in spoken], _PACE)
    else:
        yield as_thread(spoken, ())
