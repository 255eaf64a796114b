"""Text -> the same with people's handles replaced by pseudonyms such as `@person_48213`.

The number is a keyed hash of the handle: one person has one name throughout a data set and
its later versions. It is a pseudonym and no anonymity: who knows the recipe's seed and
guesses a handle can check the guess.
"""

import functools
import hashlib
import re

from tunesmith.examples.redaction.replacing import Hidden, replace
from tunesmith.sources.lexicon import lexicon

_HANDLE = re.compile(
    r"<@(?P<account>[UW][A-Z0-9]{4,20})(?:\|(?P<shown>[^>\n]{1,80}))?>"
    r"|(?<![\w@/.`$\\\])-])@(?P<name>[A-Za-z_][\w.-]{0,37}\w)(?![\w(@/:`={])"
)
_PSEUDONYM = re.compile(r"person_\d+")
NUM_PSEUDONYMS = 10**7


def hide_handles(text: str, *, seed: int) -> Hidden:
    """Replace `@name` and Slack's `<@U…>`; decorators, code and `@everyone` stay."""
    if "@" not in text:
        return text, 0

    def person(match: re.Match[str]) -> str | None:
        if match["account"]:
            return pseudonym(match["account"], seed=seed)
        name = match["name"]
        if _no_person().fullmatch(name) or _PSEUDONYM.fullmatch(name) or _is_code(match):
            return None
        return pseudonym(name, seed=seed)

    return replace(_HANDLE, text, person)


def pseudonym(handle: str, *, seed: int) -> str:
    """The name of a person; capitals make no difference."""
    key = hashlib.sha256(f"tunesmith handles {seed}".encode()).digest()
    digest = hashlib.blake2b(handle.casefold().encode(), key=key, digest_size=8).digest()
    return f"@person_{int.from_bytes(digest, 'big') % NUM_PSEUDONYMS}"


def _is_code(match: re.Match[str]) -> bool:
    """Whether the place lies in a code span or block, or is a line of its own like a decorator."""
    before = match.string[: match.start()]
    line = before.rpartition("\n")[2]
    if before.count("```") % 2 or line.count("`") % 2 or line.startswith(("    ", "\t")):
        return True
    after = match.string[match.end() :]
    follows = after.lstrip(" \t")[:1] == "\n" and re.match(
        r"\s*(?:@|def |class |public |private |protected |async |function |export |fun |void )",
        after,
    )
    return not line.strip() and bool(follows)


@functools.cache
def _no_person() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("no_person"), re.IGNORECASE)
