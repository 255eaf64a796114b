"""A heading or line of a page -> whether it asks, and the question without its marks."""

import functools
import re

from tunesmith.sources.lexicon import lexicon

MAX_QUESTION = 500  # characters; longer is no heading

_Q_MARK = re.compile(
    r"^\s*[*_]{0,3}(?:q(?:uestion)?\s*\.?\s*\d{0,3}|问题?\s*\d{0,3}|問題?\s*\d{0,3})"
    r"\s*[*_]{0,3}\s*[:：.)、]\s*[*_]{0,3}\s*(?=\S)",
    re.IGNORECASE,
)
_A_MARK = re.compile(
    r"^\s*([*_]{0,3})(?:a(?:nswer|ns)?\s*\.?\s*\d{0,3}|答案?\s*\d{0,3})"
    r"\s*(?:\1\s*[:：]|[:：]\s*\1|[.)、]\1(?=\s))[ \t]*",
    re.IGNORECASE,
)
_BOLD = re.compile(r"^(\*\*\*|\*\*|__)(?=\S)(.+?)(?<=\S)\1([?？]?)\s*$", re.DOTALL)
_ASKING_END = re.compile(r"[?？][\"'”’»)\]*_`]*(?:\s|$)")
_CHINESE = re.compile(r"[一-鿿]")
_DECORATION = re.compile(r"^[^\w\s\"'“‘`(\[<*_$¿-]+\s*", re.UNICODE)
_TRAILING = re.compile(r"\s*(?:\{[:#.][^{}]*\}|[¶#§🔗]+|\(#\))\s*$")


def asks(text: str) -> bool:
    """Whether a heading or a line is a question, with or without a question mark."""
    line = text.strip()
    if not line or len(line) > MAX_QUESTION:
        return False
    if _ASKING_END.search(line):
        return True
    if _CHINESE.search(line):
        return bool(_asking_anywhere().search(line.rstrip("。.")))
    return bool(_asking_start().match(line)) and not line.endswith((".", ":"))


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
        for mark in (_DECORATION, _Q_MARK, _number()):
            shorter = mark.sub("", line, count=1)
            line = shorter if re.search(r"\w", shorter) else line
        if line == before:
            return line.strip()


def marked_question(line: str) -> str | None:
    """What follows `Q:`, `Question 3.`, `**Q1:**` or `问：`; None where no such mark stands."""
    match = _Q_MARK.match(_number().sub("", line, count=1)) or _Q_MARK.match(line)
    return bare_text(line).removesuffix("**").strip() if match else None


def without_answer_mark(line: str) -> str | None:
    """What follows `A:`, `**Answer:**` or `答：`; None where no such mark stands."""
    match = _A_MARK.match(line)
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
def _problem() -> re.Pattern[str]:
    words = lexicon(__package__)
    spaced, unspaced = (words.either("problems", is_spaced=one) for one in (True, False))
    return re.compile(
        rf"^(?:{words.either('own')})\s|\b(?:{spaced})\b|(?:{unspaced})", re.IGNORECASE
    )
