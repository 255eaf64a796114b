"""A message and the names of a channel -> whom it speaks to, and its text without them.

At the beginning `name: text`, `name, text`, `@name text`, and several names; with a colon also
a name cut short or misspelt, of somebody who spoke a moment ago. Elsewhere `@name`, in
languages without blanks too, a greeting with a name, and a name behind the last comma.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tunesmith.sources.lexicon import lexicon

_NICK = r"[\w\[\]\\`^{}|-]{1,40}"
_ADDRESS = re.compile(
    rf"^@?(?P<nicks>{_NICK}(?:\s*[,/&]\s*@?{_NICK}){{0,3}})\s?(?P<mark>[:,;|：，、]+)(?P<gap>\s*)"
)
_PARTED = re.compile(r"\s*[,/&]\s*@?")
_ONLY_NAME = re.compile(rf"^@?(?P<nick>{_NICK})\s*[?!.]*$")
_NAMED_LAST = re.compile(rf",\s*(?P<nick>{_NICK})\s*[.!?:;)(DP-]*$")
_ONE_NAME = re.compile(rf"^@?(?P<nicks>{_NICK})\s?(?P<mark>[:,;|：，、]+)(?P<gap>\s*)")
_AT = re.compile(r"(?<![A-Za-z0-9._-])[@＠]([^\s@＠]{1,40})")
_WORD_GOES_ON = re.compile(r"[a-z0-9_][a-z0-9_]")
_COLON = re.compile("[:：]+")
_SHORTEST_CUT = 4  # letters of a name cut short
_LONGEST_LAST = 60  # characters from the last comma on
_NUM_RECENT = 40


@dataclass(slots=True)
class Names:
    """The names of a channel in small letters, and who was heard of late."""

    author_of: dict[str, str] = field(default_factory=dict)
    recent: dict[str, str] = field(default_factory=dict)  # their letters; the newest last

    def hear(self, name: str) -> None:
        """Somebody of this name spoke."""
        key = name.casefold()
        self.recent[key] = self.recent.pop(key, "") or _bare(key)
        if len(self.recent) > _NUM_RECENT:
            del self.recent[next(iter(self.recent))]

    def spoken_to(self, text: str) -> tuple[list[str], str]:
        """The authors a message speaks to, and its text without their names at the beginning.

        A name that was cut short or misspelt stays in the text: it may be a word after all.
        """
        match = _ADDRESS.match(text)
        if match and (found := self._known(match)):
            return found, text[match.end() :].strip()
        if match and (match := _ONE_NAME.match(text)):
            if found := self._known(match):
                return found, text[match.end() :].strip()
            if found := self._meant(match):
                return found, text
        if ("@" in text or "＠" in text) and (found := self._at(text)):
            return found, text
        match = _greeted().match(text) or _ONLY_NAME.match(text)
        if "," in text and match is None:
            match = _NAMED_LAST.search(text, max(0, len(text) - _LONGEST_LAST))
        name = self.author_of.get(match["nick"].casefold()) if match else None
        return [name] if name else [], text

    def _known(self, match: re.Match[str]) -> list[str]:
        """The authors of an address, if each of its names is somebody's."""
        named = [nick.casefold() for nick in _PARTED.split(match["nicks"])]
        is_known = all(nick in self.author_of for nick in named)
        return [self.author_of[nick] for nick in named] if is_known else []

    def _meant(self, match: re.Match[str]) -> list[str]:
        """Whoever of late is meant by a name that nobody has."""
        if not _COLON.fullmatch(match["mark"]) or not match["gap"]:
            return []
        written = match["nicks"].casefold()
        bare = _bare(written)
        near = [name for name, letters in self.recent.items() if _is_meant(bare, letters)]
        return [self.author_of[near[0]]] if len(near) == 1 and near[0] in self.author_of else []

    def _at(self, text: str) -> list[str]:
        """Names behind `@`, the longest that fits where no blank ends them."""
        found = []
        for match in _AT.finditer(text):
            written = match[1].casefold()
            ends = (n for n in range(len(written), 0, -1) if written[:n] in self.author_of)
            end = next(ends, 0)
            if end and not _WORD_GOES_ON.match(written, end - 1):
                found.append(self.author_of[written[:end]])
        return list(dict.fromkeys(found))


def _is_meant(bare: str, own: str) -> bool:
    """Whether letters are those of a name that was cut short, or has one letter wrong."""
    if len(bare) < _SHORTEST_CUT:
        return bare == own and bool(bare)
    return own.startswith(bare) or (abs(len(own) - len(bare)) <= 1 and _is_one_off(bare, own))


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name)


def _is_one_off(one: str, other: str) -> bool:
    """Whether two words differ in one letter: another, one more, one less, or two swapped."""
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if first is None:
        return True
    rest, others = one[first:], other[first:]
    is_swapped = rest[:2] == others[:2][::-1] and rest[2:] == others[2:]
    return is_swapped or others[1:] in (rest, rest[1:]) or rest[1:] == others


def called(pairs: Iterable[tuple[str, str]]) -> Names:
    """The names of a channel: whole, and a first name that only one of them has.

    Args:
        pairs: Authors, and what they are called.
    """
    names: dict[str, str] = {}
    firsts: dict[str, set[str]] = {}
    for author, name in pairs:
        names[name.casefold()] = author
        firsts.setdefault(name.casefold().partition(" ")[0], set()).add(author)
    short = {first: next(iter(who)) for first, who in firsts.items() if len(who) == 1}
    return Names(short | names)


@functools.cache
def _greeted() -> re.Pattern[str]:
    """`hi nick,` and `thanks nick`."""
    greetings = lexicon(__package__).either("irc_greetings", blank=r"\s+")
    return re.compile(rf"^(?:{greetings})[\s,]+(?P<nick>{_NICK})\s*(?:[,.!:;?)-]|$)", re.IGNORECASE)
