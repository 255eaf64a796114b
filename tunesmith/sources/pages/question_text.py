"""A heading or line of a page -> whether it asks, and the question without its marks."""

import functools
import re

from tunesmith.sources.lexicon import lexicon

MAX_QUESTION = 500  # characters; longer is no heading

# Of Latin and CJK, Greek, Arabic, Armenian, Ethiopic, Vai, Limbu; an ASCII semicolon asks in Greek.
QUESTION_MARKS = "?？؟\u037e՞፧\ua60f᥅⸮﹖⁇⁈‽"
_BOLD = re.compile(rf"^(\*\*\*|\*\*|__)(?=\S)(.+?)(?<=\S)\1([{QUESTION_MARKS}]?)\s*$", re.DOTALL)
_ASKING_END = re.compile(rf"[{QUESTION_MARKS}][\"'”’»)\]*_`]*(?:\s|$)|^[\"'“‘«(*_]*¿|\w՞")
_GREEK_END = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff][^;]*;[\"'”’»)\]*_`]*\s*$")
# Kana, Han, Thai, Lao, Burmese, Khmer: no blank parts the words.
_UNSPACED = re.compile(r"[぀-ヿ㐀-鿿\uf900-\ufaff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_DECORATION = re.compile(r"^[^\w\s\"'“‘`(\[<*_$¿-]+\s*", re.UNICODE)
_TRAILING = re.compile(
    r"\s*(?:\{[:#.][^{}]*\}|[¶#§🔗]+|\(#\))\s*$|(?<=[?？؟])\s*[-+＋−×✕▼▾▸►›⌄]+\s*$"
)


def asks(text: str) -> bool:
    """Whether a heading or a line is a question, with or without a question mark."""
    line = text.strip()
    if not line or len(line) > MAX_QUESTION:
        return False
    if _ASKING_END.search(line):
        return True
    if _GREEK_END.search(line):
        return True
    if _UNSPACED.search(line):
        return bool(_asking_anywhere().search(line.rstrip("。.")))
    if line.endswith((".", ":", "։", "।")):
        return False
    return bool(_asking_start().match(line) or _asking_within().search(line))


def ends_asking(line: str) -> bool:
    """Whether a line ends with a question mark of any script."""
    bare = line.rstrip().rstrip("*_`")
    return bare.endswith(tuple(QUESTION_MARKS)) or _GREEK_END.search(bare) is not None


def without_marks(line: str) -> str:
    """A line of a page without what readers take off its beginning: a number, `Q:` or `A:`."""
    for mark in (_number(), _question_mark(), _answer_mark()):
        line = mark.sub("", line, count=1)
    return line


def tells_problem(text: str) -> bool:
    """Whether a line says what does not work: on a page of questions, that is one."""
    return len(text) <= MAX_QUESTION and bool(_problem().search(text))


def bare_text(text: str) -> str:
    """A heading's words without number, `Q:`, bold, symbols before and anchors behind."""
    line = " ".join(text.split())
    while True:
        before = line
        line = _TRAILING.sub("", line)
        if bold := _BOLD.match(line):
            line = bold[2] + bold[3] if "**" not in bold[2] else line
        for mark in (_DECORATION, _question_mark(), _number()):
            shorter = mark.sub("", line, count=1)
            line = shorter if re.search(r"\w", shorter) else line
        if line == before:
            return line.strip()


def marked_question(line: str) -> str | None:
    """What follows `Q:`, `Question 3.`, `**Q1:**` or `问：`; None where no such mark stands."""
    match = _question_mark().match(_number().sub("", line, count=1)) or _question_mark().match(line)
    return bare_text(line).removesuffix("**").strip() if match else None


def without_answer_mark(line: str) -> str | None:
    """What follows `A:`, `**Answer:**` or `答：`; None where no such mark stands."""
    match = _answer_mark().match(line)
    if match is None:
        return None
    rest = line[match.end() :]
    return rest.removesuffix(match[1]) if match[1] and rest.count(match[1]) == 1 else rest


def bold_question(line: str) -> str | None:
    """The question that a line consists of, all bold; None where it is something else."""
    match = _BOLD.match(_number().sub("", line.strip(), count=1))
    return bare_text(match[2] + match[3]) if match and asks(match[2] + match[3]) else None


@functools.cache
def _number() -> re.Pattern[str]:
    """`Step 3.`, `b)`, `#12`, `一、`."""
    numbered = lexicon(__package__).either("numbered")
    return re.compile(
        rf"^\s*(?:(?:{numbered})\s+)?"
        r"(?:#?\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,4})[.):：、]\s*"
        r"|^\s*\d{1,2}(?:\.\d{1,2})+\s+|^\s*#\d{1,3}\s+|^\s*第?[一二三四五六七八九十]{1,3}[、.．]\s*",
        re.IGNORECASE,
    )


@functools.cache
def _asking_start() -> re.Pattern[str]:
    questions = lexicon(__package__).either("questions", blank=r"\s+", is_spaced=True)
    return re.compile(f"(?:{questions})", re.IGNORECASE)


@functools.cache
def _asking_anywhere() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("questions", is_spaced=False))


@functools.cache
def _asking_within() -> re.Pattern[str]:
    """Words by which a line asks wherever they stand, or that end it."""
    words = lexicon(__package__)
    within, last = words.either("questions_within"), words.either("questions_at_end")
    return re.compile(rf"(?<!\S)(?:{within})(?=\s|$)|\s\S*(?:{last})$", re.IGNORECASE)


@functools.cache
def _question_mark() -> re.Pattern[str]:
    """`Q:`, `Question 3.`, `**Q1:**`, `问：`, `سؤال:`."""
    words = lexicon(__package__).either("marks_of_questions")
    return re.compile(
        rf"^\s*[*_]{{0,3}}(?:{words})\s*\.?\s*\d{{0,3}}"
        r"\s*[*_]{0,3}\s*[:：.)、]\s*[*_]{0,3}\s*(?=\S)",
        re.IGNORECASE,
    )


@functools.cache
def _answer_mark() -> re.Pattern[str]:
    words = lexicon(__package__).either("marks_of_answers")
    return re.compile(
        rf"^\s*([*_]{{0,3}})(?:{words})\s*\.?\s*\d{{0,3}}"
        r"\s*(?:\1\s*[:：]|[:：]\s*\1|[.)、]\1(?=\s))[ \t]*",
        re.IGNORECASE,
    )


@functools.cache
def _problem() -> re.Pattern[str]:
    words = lexicon(__package__)
    spaced, unspaced = (words.either("problems", is_spaced=one) for one in (True, False))
    return re.compile(
        rf"^(?:{words.either('own')})\s|\b(?:{spaced})\b|(?:{unspaced})", re.IGNORECASE
    )
