"""A message as Signal's exporters write it in Markdown -> its own words, and what stands beside.

That is the message that it answers (`> text`, above), files (`![photo](./media/x.jpg)`) and
reactions (`(- 👍, Ann -)`, below).
"""

import re

_ANSWERED = re.compile(r"\s*(?:>.*(?:\n|$)\s*)+")
_BESIDE = re.compile(
    r"^\(- .+ -\)\s*$|!?\[[^\]\n]*\]\(<?(?:\./)?media/[^)\n]*\)[ \t]*", re.MULTILINE
)


def without_signal_marks(text: str) -> tuple[str, list[str]]:
    """The words of a message, and what stands beside them; what it answers, only before words."""
    marks = [mark.strip() for mark in _BESIDE.findall(text)]
    own = _BESIDE.sub("", text).strip()
    answered = _ANSWERED.match(own)
    if answered and (rest := own[answered.end() :].strip()):
        return rest, [answered[0].strip(), *marks]
    return own, marks
