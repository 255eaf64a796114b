"""An example -> whether its last answer teaches nothing, and why.

Short is no fault: "Paris", "4" and "yes" answer something. What is dropped says nothing in
any context, only points at a text that is not there, repeats the question, or is a page's
furniture. Plain texts have no answer and pass.
"""

import re

from tunesmith.examples.example import Example

TRIVIAL = "trivial answer"
ELSEWHERE = "answer points elsewhere"
REPEATS = "answer repeats the question"
BOILERPLATE = "boilerplate"
REDACTED = "nothing left after redaction"
ANSWER_REASONS = (TRIVIAL, ELSEWHERE, REPEATS, BOILERPLATE, REDACTED)
Fault = tuple[str, str]

_LONGEST = 240  # characters of an answer that can be one of these
_TRIVIAL = re.compile(
    r"ok|okay|k|n/a|n\.a|na|tb[dac]|to ?do|to be (?:done|determined|defined)|fixme|wip"
    r"|work in progress|coming soon|\+1|bump|thx|thanks|thank you|ty|lgtm|same(?: here| question)?"
    r"|me too|ditto|nvm|never ?mind|no (?:answer|response|comment)|not (?:available|applicable)"
    r"|placeholder|(?:insert |your )+answer(?: here)?|answer here|hm+|uh|lol|haha|\^"
    r"|this|asdf|xxx|blah|foo bar"
    r"|好的|谢谢|無|暂无|待定|k\. ?a",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"[-–—_.…?!*~#/\\|,;:·•\s]+")
_LINK = r"(?:<?(?:https?://|www\.)[^\s<>]+>?|\[[^\]\n]*\]\((?:https?://|/|#|\.|www)[^)\s]*\))"
_ONLY_LINKS = re.compile(rf"(?:[-*•]?\s*{_LINK}[\s.,;]*)+")
_ASKS_FOR_LINK = re.compile(
    r"\b(?:links?|urls?|uri|web ?sites?|web ?pages?|home ?page|pages?|where|address|repo(?:sitory)?"
    r"|download|docs?|documentation|source|references?)\b|网址|链接|網站|哪里",
    re.IGNORECASE,
)
_PLACES = (
    r"(?:the |this |that |our |my |your |these |those |its |official |online |following |previous "
    r"|last |first |same |other |project |user |full |relevant |linked |attached |pinned )*"
    r"(?:above|below|here|there|docs?|documentation|manual|handbook|guide|faqs?|wiki|read ?me"
    r"|link|links|website|web ?site|web ?page|page|article|post|thread|message|comment|answer"
    r"|attachment|screenshot|image|picture|video|section|chapter|appendix|ticket|issue|tutorial"
    r"|changelog|release notes|help|man page|google)"
)
_POINTS = re.compile(
    r"(?:hi[,!. ]+|hello[,!. ]+|yes[,. ]+|no[,. ]+|well[,. ]+|ah[,. ]+)?"
    r"(?:(?:please |just |kindly |you can |you should |maybe )*"
    r"(?:see|refer to|read|check(?: out)?|consult|look (?:at|in|into)|have a look at|take a look at"
    r"|visit|cf\.?|rtfm|go to|try|search|click(?: on)?|as (?:said|mentioned|stated|described)"
    r"|(?:as|it is|it's|is)? ?(?:already )?(?:answered|explained|described|covered|documented)"
    r"(?: in)?"
    r"|same as|as)"
    rf"(?: {_PLACES})(?:(?: (?:for|of|on|in|at|to) {_PLACES})?)"
    r"(?: (?:for|about) (?:more )?(?:details|info(?:rmation)?|more|this|that|it|(?:the )?answer))?"
    rf"|(?:please )?(?:see|read|visit|check(?: out)?|refer to|go to|try)[: ]+{_LINK}"
    r"|(?:just )?(?:google|search) (?:it|for it|that)|rtfm|read the (?:fine |friendly )?manual"
    r"|(?:the |my )?(?:answer|explanation|solution) is (?:above|below|in the docs|there|here)"
    r"|(?:见|参见|請見|请见|详见|詳見)?(?:上文|下文|上面|下面|上方|下方|文档|文件|链接|官网|附件|以上|同上)"
    r"|siehe (?:oben|unten|doku(?:mentation)?|anhang|link)"
    r"|voir (?:ci-dessus|ci-dessous|la documentation)"
    r"|(?:ver|véase) (?:arriba|abajo|la documentación)"
    rf")(?:[:, ]*{_LINK})*",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"(?:this page (?:is |was )?intentionally left blank|lorem ipsum\b.*|loading|please wait"
    r"|(?:404|403|500|502|503)[ :-]*(?:error|not found|forbidden|page not found|bad gateway"
    r"|internal server error|service unavailable)|page not found|access denied"
    r"|(?:please |you need to )?enable javascript\b.*|.{0,40}all rights reserved"
    r"|(?:©|\(c\)|copyright)\s.{0,60}|table of contents|back to top|skip to (?:main )?content"
    r"|was this (?:page|article|answer) helpful.*|subscribe to our newsletter.*|(?:click here )?to"
    r" log ?in|sign (?:in|up)|log ?in|(?:we|this (?:web)?site) uses? cookies.*|read more|learn more"
    r"|show more|share this|advertisement|no comments yet|this message (?:was|has been) deleted"
    r"|\[?(?:deleted|removed)\]?|message deleted|joined the channel|has left the channel)",
    re.IGNORECASE | re.DOTALL,
)
_MARKS = re.compile(r"(?:\[(?:email|phone|card|iban|account|ip|secret)\]|[\s.,;:/|·-]|and|or)+")
_WORD = re.compile(r"\w+")


def answer_fault(example: Example) -> Fault | None:
    """The reason and a detail where the last answer should not be learned."""
    if example.is_text:
        return None
    answer = example.reference.strip()
    question = example.messages[-2]
    if len(answer) <= _LONGEST:
        fault = _short_fault(answer, question.content)
        if fault is not None:
            return fault
    if not question.input and question.role == "user" and _is_same(answer, question.content):
        return REPEATS, "the answer is the question again"
    return None


def _short_fault(answer: str, question: str) -> Fault | None:
    bare = answer.strip("*_`\"'().!… :")
    if _TRIVIAL.fullmatch(bare) or _NOTHING.fullmatch(answer):
        return TRIVIAL, f"the answer is {answer[:40]!r}"
    if answer.startswith("[") and "]" in answer and _MARKS.fullmatch(answer):
        return REDACTED, f"the answer is {answer[:40]!r}"
    if _ONLY_LINKS.fullmatch(answer) and not _ASKS_FOR_LINK.search(question):
        return ELSEWHERE, "the answer is a link"
    if _POINTS.fullmatch(bare) and not _ASKS_FOR_LINK.search(question):
        return ELSEWHERE, f"the answer is {answer[:60]!r}"
    if _FURNITURE.fullmatch(bare):
        return BOILERPLATE, f"the answer is {answer[:60]!r}"
    return None


def _is_same(answer: str, question: str) -> bool:
    """Whether both have the same words, three at least: "Hello" may answer "Hello"."""
    if abs(len(answer) - len(question)) > 20 or answer[:1].lower() != question.strip()[:1].lower():
        return False
    words = [word.lower() for word in _WORD.findall(answer)]
    return len(words) >= 3 and words == [word.lower() for word in _WORD.findall(question)]
