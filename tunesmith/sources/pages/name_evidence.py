"""A page as it was written -> names that it may be about, each with what speaks for it.

Commands that install it, its repository and badges, the words of its logo, "Widget is a ...", the
commands it shows, its file and its site. A name that a title does not give needs two of these.
"""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tunesmith.sources.lexicon import lexicon
from tunesmith.sources.pages.outline import Outline

_SEEN = 60_000  # characters of a page
_TOP = 4_000  # characters in which a logo and a first sentence stand
_OPTIONS = r"(?:-[\w-]+(?:[= ](?=\S*[/.])\S+)?\s+)*"
_NAME = r"[\"']?@?([A-Za-z][\w./@-]*)"
_INSTALLS = re.compile(
    r"\b(?:(?:pip3?|pipx|conda|mamba|brew|gem|cargo|apt|apt-get|dnf|yum|snap|choco|scoop|winget|"
    rf"poetry|uv|uv pip|uv tool|npm|pnpm|yarn|bun|go|helm) (?:install|i|add|get) {_OPTIONS}"
    r"|(?:yarn|pnpm) global add |npx |uvx |docker pull |composer require |dotnet add package )"
    rf"{_NAME}"
)
_CLONES = re.compile(r"git clone (?:-\S+ )*(?:https?://|git@)[\w.-]+[/:][\w.~-]+/([\w.-]+)")
_BADGES = re.compile(
    r"(?:shields\.io/(?:pypi|npm|crates|gem|nuget|docker|conda|packagist|cocoapods|badge/pypi)/"
    r"(?:[a-z-]{1,12}/)?|badge\.fury\.io/(?:py|js|rb)/|pepy\.tech/(?:badge|project)/)@?([\w.-]+)"
)
_REPOSITORIES = re.compile(
    r"(?:github|gitlab|codeberg)\.(?:com|org)/[\w.-]+/([\w.-]+)/(?:-/)?(?:actions|issues|releases|"
    r"workflows|stargazers|graphs|discussions|pulls|wiki|tree|blob|raw)\b"
    r"|shields\.io/github/[\w/-]+?/[\w.-]+/([\w.-]+)"
)
_ALT = re.compile(r"!\[([^\[\]\n]{2,60})\]|\balt=[\"']([^\"'\n]{2,60})[\"']")
_OF_A_LOGO = re.compile(r"\s*(?:['’]s)?\s*\b(?:logo|banner|icon|header|wordmark|mascot)\b.*$", re.I)
_IS_A = re.compile(
    r"(?:^|\n\n|\. )[*_`\[]{0,3}(?:The )?([A-Za-z][\w.+#-]*(?: [A-Z][\w.+#-]*){0,2})[*_`]{0,3}"
    r"(?:\]\([^()\n]*\))?(?: \([^()\n]{1,60}\))? (?:is|are) (?:an?|the|our)\b"
)
_COMMAND = re.compile(r"^(?:\$ |> |# )?([a-z][\w-]+)(?= )")
_LANGUAGE = re.compile(r"\.(?:js|py|rs|go|net)$")
_USED_OFTEN = 2
_MANY_LINES = 3
_OWN = frozenset({"repository", "badge", "clone", "file", "site"})  # what others' pages lack
_TOOL_SUFFIX = re.compile(r"\.(?:git|svg|png)$|@[\w.]*$|[.,:/]+$")


@dataclass(slots=True)
class _Found:
    kinds: set[str] = field(default_factory=set)
    forms: Counter[str] = field(default_factory=Counter)


def is_readme(name: str) -> bool:
    """Whether a file is the README of what it describes."""
    return re.search(r"(?i)(?:^|[_.+-])readme$", PurePosixPath(name).stem) is not None


def product_key(name: str) -> str:
    """A name without case, blanks and marks: "Fast Chat" and `fast-chat` are one."""
    return re.sub(r"[\W_]+", "", _LANGUAGE.sub("", name.casefold()))


def name_evidence(outline: Outline, name: str) -> Mapping[str, set[str]]:
    """For each name, by its key, the kinds of things that speak for it."""
    return {key: one.kinds for key, one in _found(outline, name).items()}


def best_name(outline: Outline, name: str) -> str:
    """The name that most speaks for, as the page spells it; empty where too little does."""
    found = _found(outline, name)
    prose = "\n\n".join(block.text for block in outline.blocks if block.kind in ("text", "list"))
    rated: list[tuple[int, int, str]] = []
    for key, one in found.items():
        form, uses = _form_in_prose(key, one.forms, prose)
        kinds = len(one.kinds) + (uses >= _USED_OFTEN)
        if kinds > 1 and (key not in _tools() or one.kinds & _OWN):
            rated.append((kinds, uses, form))
    if not rated:
        return ""
    first, *rest = sorted(rated, reverse=True)
    return "" if rest and rest[0][:2] == first[:2] else first[2]


def _found(outline: Outline, name: str) -> dict[str, _Found]:
    found: dict[str, _Found] = defaultdict(_Found)
    for kind, given in _candidates(outline, name):
        bare = _TOOL_SUFFIX.sub("", given.strip()).rpartition("/")[2]
        if len(key := product_key(bare)) > 1:
            found[key].kinds.add(kind)
            found[key].forms[bare] += 1
    return found


def _candidates(outline: Outline, name: str) -> Iterator[tuple[str, str]]:
    raw = outline.raw[:_SEEN]
    installed = [match[1] for match in _INSTALLS.finditer(raw)]
    yield from (("package", one) for one, _ in Counter(installed).most_common(1))
    for kind, pattern in (("clone", _CLONES), ("badge", _BADGES)):
        yield from ((kind, match[1]) for match in list(pattern.finditer(raw))[:3])
    repositories = Counter(match[1] or match[2] for match in _REPOSITORIES.finditer(raw))
    yield from (("repository", one) for one, _ in repositories.most_common(1))
    for match in list(_ALT.finditer(raw[:_TOP]))[:3]:
        yield "logo", _OF_A_LOGO.sub("", match[1] or match[2])
    prose = "\n\n".join(block.text for block in outline.blocks if block.kind == "text")
    for match in list(_IS_A.finditer(prose[:_TOP]))[:2]:
        if match[1].split()[0].lower() not in _pronouns():
            yield "sentence", match[1]
    yield from _commands(outline)
    if is_readme(name):
        stem, parent = PurePosixPath(name).stem, PurePosixPath(name).parent.name
        of_file = re.sub(r"(?i)[_.+-]?readme$", "", stem).rpartition("+")[2]
        yield "file", of_file or parent
    if outline.site:
        yield "site", outline.site


def _commands(outline: Outline) -> Iterator[tuple[str, str]]:
    """The command that most lines of code begin with."""
    code = (block.text for block in outline.blocks if block.kind == "code")
    lines = [line for text in code for line in text.split("\n") if not line.startswith("```")]
    found = (match[1] for line in lines if (match := _COMMAND.match(line)))
    firsts = Counter(first for first in found if product_key(first) not in _tools())
    for first, count in firsts.most_common(1):
        if count >= _MANY_LINES and 3 * count >= sum(firsts.values()):
            yield "command", first


def _form_in_prose(key: str, forms: Counter[str], prose: str) -> tuple[str, int]:
    """How sentences spell a name, and how often; else how the best of its sources does."""
    spelled = max(forms, key=lambda form: (forms[form], form != form.lower()))
    words = [re.escape(part) for part in re.split(r"[\W_]+", spelled) if part]
    pattern = re.compile(rf"(?<![\w`/.-]){r'[ _-]?'.join(words)}(?![\w`/]|\.\w)", re.IGNORECASE)
    uses = Counter(match[0] for match in pattern.finditer(prose))
    named = Counter({form: count for form, count in uses.items() if form != form.lower()})
    best = named.most_common(1) or [(spelled, 0)]
    return best[0][0], named.total()


@functools.cache
def _tools() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("common_tools"))


@functools.cache
def _pronouns() -> frozenset[str]:
    return frozenset(lexicon(__package__).words("no_names"))
