"""A heading or line of a page -> whether it asks, and the question without its marks."""

import re

MAX_QUESTION = 500  # characters; longer is no heading

_NUMBER = re.compile(
    r"^\s*(?:(?:step|method|option|part|question|faq)\s+)?(?:#?\d{1,3}(?:\.\d{1,3})*|[a-z]|[ivx]{1,4})[.):：、]\s*"
    r"|^\s*\d{1,2}(?:\.\d{1,2})+\s+|^\s*#\d{1,3}\s+|^\s*第?[一二三四五六七八九十]{1,3}[、.．]\s*",
    re.IGNORECASE,
)
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
_HOW_TO = re.compile(
    r"^how\s+(?:to|do|does|can|should|is|are|long|much|many|often|far|soon)\b", re.I
)
_INVERTED = re.compile(
    r"^(?:what|where|when|why|who|whom|whose|which)(?:'s|’s)?\s+(?:[\w-]+\s+){0,2}?"
    r"(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|won't|doesn't|don't|"
    r"isn't|aren't|can't|if)\b|^what(?:'s|’s)\b|^(?:is|are|do|does|did|can|could|should|would|will|may|must)\s+(?:i|we|you|it|"
    r"there|this|that|my|our|the)\b|^what\s+(?:happens|about)\b",
    re.IGNORECASE,
)
_CHINESE = re.compile(r"[一-鿿]")
_CHINESE_ASKING = re.compile(
    r"(?:^|的?)(?:如何|怎么|怎样|怎麼|为什么|为何|為什麼|是否|能否|可否|什么是|什麼是)|(?:吗|嗎|呢|什么|什麼|多少|多久|哪里|哪儿|怎么办)$"
)
_PROBLEM = re.compile(
    r"^(?:i|we|my|our)\s|\b(?:can't|cannot|can not|doesn't|does not|don't|do not|won't|will not|"
    r"isn't|is not|aren't|are not|didn't|unable to|fails?|failed|hangs?|crashe[sd]|stuck|missing|"
    r"forgot|lost|broken|not (?:working|found|showing|loading|responding)|keeps? \w+ing)\b|"
    r"(?:不能|无法|不了|失败|报错|打不开|丢失|忘记)",
    re.IGNORECASE,
)
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
        return bool(_CHINESE_ASKING.search(line.rstrip("。.")))
    return bool(_HOW_TO.match(line) or _INVERTED.match(line)) and not line.endswith((".", ":"))


def tells_problem(text: str) -> bool:
    """Whether a line says what does not work: on a page of questions, that is one."""
    return len(text) <= MAX_QUESTION and bool(_PROBLEM.search(text))


def bare_text(text: str) -> str:
    """A heading's words without number, `Q:`, bold, symbols before and anchors behind."""
    line = " ".join(text.split())
    while True:
        before = line
        line = _TRAILING.sub("", line)
        if bold := _BOLD.match(line):
            line = bold[2] + bold[3] if "**" not in bold[2] else line
        for mark in (_DECORATION, _Q_MARK, _NUMBER):
            shorter = mark.sub("", line, count=1)
            line = shorter if re.search(r"\w", shorter) else line
        if line == before:
            return line.strip()


def marked_question(line: str) -> str | None:
    """What follows `Q:`, `Question 3.`, `**Q1:**` or `问：`; None where no such mark stands."""
    match = _Q_MARK.match(_NUMBER.sub("", line, count=1)) or _Q_MARK.match(line)
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
    match = _BOLD.match(_NUMBER.sub("", line.strip(), count=1))
    return bare_text(match[2] + match[3]) if match and asks(match[2] + match[3]) else None
