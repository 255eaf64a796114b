"""A page -> the name of the thing that it describes, where the page shows one.

A README is titled by its product, and so is "Widget documentation" or "Widget FAQ". Any
other title is a name only if the text uses it as one; "Setup" and "Templates" are topics.
"""

import re
from pathlib import PurePosixPath

from tunesmith.sources.pages.outline import Outline
from tunesmith.sources.pages.question_text import asks, bare_text

_KIND_OF_PAGE = re.compile(
    r"\s*[-–—:|]?\s*\b(?:frequently asked questions|faqs?|documentation|docs|readme|wiki|reference"
    r"|(?:user |users' |reference |developer |admin )?(?:manual|guide|handbook)"
    r"|help(?: cent(?:er|re))?)\s*$"
    r"|\s*(?:常见问题(?:解答)?|使用?文档|用户手册|使用手册|手册|指南|文档|使用说明|说明书)\s*$",
    re.IGNORECASE,
)
_LEADING_KIND = re.compile(
    r"^(?:frequently asked questions|faqs?|documentation|user guide|manual|guide)\s*"
    r"(?:[-–—:|]|\bfor\b|\babout\b|\bof\b|\bto\b)\s*",
    re.IGNORECASE,
)
_VERSION = re.compile(r"[\s,]*(?:\b(?:release|version|v)\s*)?\b\d+(?:\.\d+)+\S*\s*$", re.IGNORECASE)
_GENERIC = re.compile(
    r"general(?: questions)?|misc(?:ellaneous)?|other|questions(?: (?:and|&) answers)?|"
    r"q ?(?:&|and) ?a|common questions|answers|一般|其他|其它|综合|问答",
    re.IGNORECASE,
)
_MAX_WORDS = 5
_NAME_USES, _WORD_USES = 2, 8
_TOPICS = frozenset(
    [
        "setup",
        "installation",
        "install",
        "usage",
        "configuration",
        "overview",
        "introduction",
        "templates",
        "schemas",
        "getting-started",
        "quickstart",
        "quick-start",
        "guide",
        "documentation",
        "docs",
        "manual",
        "reference",
        "api",
        "faq",
        "faqs",
        "readme",
        "home",
        "index",
        "welcome",
        "contents",
        "changelog",
        "tutorial",
        "examples",
        "features",
        "support",
        "help",
        "about",
        "license",
        "contributing",
        "security",
        "troubleshooting",
        "requirements",
        "development",
        "简介",
        "介绍",
        "安装",
        "配置",
        "文档",
        "说明",
        "手册",
        "首页",
        "常见问题",
    ]
)


def subject_of(outline: Outline, name: str) -> str:
    """The name, or nothing where the page shows none."""
    for title in _titles(outline):
        text = _VERSION.sub("", bare_text(title)).strip()
        shorter = without_kind_of_page(text)
        if not _may_be_name(shorter):
            continue
        is_readme = PurePosixPath(name).stem.lower().rpartition("_")[2] == "readme"
        if shorter != text or is_readme or _num_uses(shorter, outline) >= _NAME_USES:
            return shorter
        if word := _word_used_as_name(shorter, outline):
            return word
    return ""


def without_kind_of_page(title: str) -> str:
    """A title without "FAQ", "documentation" and the like; empty where it says no more."""
    shorter = _LEADING_KIND.sub("", _KIND_OF_PAGE.sub("", title)).strip(" -–—:|'’")
    return shorter.removesuffix("'s").removesuffix("’s")


def is_generic(heading: str) -> bool:
    """Whether a heading names a part of any page: general, overview, miscellaneous."""
    return heading.lower().replace(" ", "-") in _TOPICS or bool(_GENERIC.fullmatch(heading))


def _titles(outline: Outline) -> list[str]:
    headings = [block.text for block in outline.blocks if block.kind == "heading"]
    levels = [block.level for block in outline.blocks if block.kind == "heading"]
    first = headings[:1] if levels[:1] == [min(levels, default=1)] else []
    return [*first, *([outline.title] if outline.title else [])]


def _may_be_name(text: str) -> bool:
    is_topic = text.lower().replace(" ", "-") in _TOPICS
    return bool(text) and not is_topic and not asks(text) and len(text.split()) <= _MAX_WORDS


def _word_used_as_name(title: str, outline: Outline) -> str:
    """The word of a title that the text speaks of all the time: Expat, in "Expat XML Parser"."""
    words = [word for word in title.split() if word[:1].isupper() and len(word) > 2]
    uses = {word: _num_uses(word, outline) for word in words}
    best = max(uses, key=lambda word: uses[word], default="")
    return best if best and uses[best] >= _WORD_USES else ""


def _num_uses(text: str, outline: Outline) -> int:
    """How often sentences mention it in the middle, spelled as in the title."""
    name = re.sub(r"^(?:The|A)\s+", "", text)
    if name == name.lower() and name.isascii():
        return 0
    pattern = re.compile(rf"(?<=[a-z,] ){re.escape(name)}\b|(?<=[一-鿿]){re.escape(name)}")
    prose = (block.text for block in outline.blocks if block.kind in ("text", "list", "definition"))
    return sum(len(pattern.findall(text)) for text in prose)
