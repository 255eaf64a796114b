"""Text -> the same with values behind "password:", "api_key =" and their like replaced.

"Password: required" and "the token is a word" name no secret. A value counts where it looks
like none of a sentence's words, or where it is quoted, assigned or alone at the line's end.
"""

import functools
import re

from tunesmith.examples.redaction.replacing import Hidden, replace
from tunesmith.sources.lexicon import lexicon

_VALUE = r"\"([^\"\n]{3,200})\"|'([^'\n]{3,200})'|`([^`\n]{3,200})`|([^\s\"'`,;<>(){}\[\]]{3,200})"
_PIN = re.compile(r"\b(PIN(?:[ -]?code)?(?: is |: ?| ?= ?))(\d{4,8})(?!\d)", re.IGNORECASE)
_SYMBOL = re.compile(r"[!@#$%^&*+=~]")
_INNER_CAPITAL = re.compile(r"[a-z].*[A-Z]")


def hide_labelled(text: str, lower: str, *, mark: str) -> Hidden:
    """Replace labelled passwords, keys and PINs.

    Args:
        text: What is searched.
        lower: The same in small letters, or what it was before others were replaced.
        mark: What stands in their place.
    """
    total = 0

    def labelled(match: re.Match[str]) -> str | None:
        return _labelled(match, mark)

    for hint in _hints():  # a plain loop: it runs on every text of a data set
        if hint in lower:
            text, total = replace(_label_and_value(), text, labelled)
            break
    if "pin" in lower:
        text, count = _PIN.subn(rf"\1{mark}", text)
        total += count
    return text, total


def _labelled(match: re.Match[str], mark: str) -> str | None:
    written = match["value"]
    value = written.strip("\"'`")
    ending = "" if written[0] in "\"'`" else value[len(value.rstrip(".,:!?。")) :]
    value = value.removesuffix(ending)
    if match["after"] or _harmless().fullmatch(value) or _placeholder().match(value):
        return None
    is_secret = _is_password(match, value) if match["password"] else _is_key(value)
    if not is_secret:
        return None
    quote = written[0] if written[0] in "\"'`" else ""
    return f"{match['label']}{match['sign']}{quote}{mark}{quote}{ending}"


def _is_password(match: re.Match[str], value: str) -> bool:
    """What no word of a sentence looks like; behind a sign also a word alone."""
    has_digit = any(character.isdigit() for character in value)
    if match["password"].lower() == "pass":
        return len(value) >= 6 and has_digit and not value.isdigit()
    if has_digit or _SYMBOL.search(value) or _INNER_CAPITAL.search(value):
        return True
    sign = match["sign"].strip(" \"'`*")
    is_assigned = sign in ("=", ":=", "=>", "＝") or match["value"][0] in "\"'`"
    if sign not in (":", "：", "=", ":=", "=>", "＝"):
        return False
    return is_assigned or not match.string[match.end() :].partition("\n")[0].strip(" .*|\"'`")


def _is_key(value: str) -> bool:
    """Keys are long and mix letters with digits."""
    has_digit = any(character.isdigit() for character in value)
    has_letter = any(character.isalpha() for character in value)
    return len(value) >= 8 and has_digit and has_letter and " " not in value


@functools.cache
def _hints() -> tuple[str, ...]:
    return lexicon(__package__).words("hints")


@functools.cache
def _label_and_value() -> re.Pattern[str]:
    """`DB_PASSWORD=...`, `"api key": "..."`, `my password is ...`."""
    passwords, keys = (lexicon(__package__).either(name) for name in ("passwords", "keys"))
    return re.compile(
        r"(?P<label>(?<![A-Za-z])(?:[A-Za-z0-9]{1,30}[_.-]){0,4}"
        rf"(?:(?P<password>{passwords})|(?P<key>{keys}))"
        r"(?:[_-](?:id|value|prod|dev|test|live))?)"
        r"(?P<sign>[\"'`*]{0,3}\s{0,3}(?::=|=>|=|:|：|＝)[*]{0,2}\s{0,3}"
        r"|[\"'`]?\s{1,3}(?:is|was|ist|es|est|é)[ :]{1,3}|是[:： ]?)"
        rf"(?P<value>{_VALUE})(?P<after>[(\[]?)",
        re.IGNORECASE,
    )


@functools.cache
def _harmless() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("harmless"), re.IGNORECASE)


@functools.cache
def _placeholder() -> re.Pattern[str]:
    starts = lexicon(__package__).either("placeholder_starts")
    return re.compile(
        r"[$%\[]|(?:x+|\*+|\.+|•+|_+|-+)$"
        rf"|(?:{starts})(?![a-z0-9])|.*[_ -]here$|https?:",
        re.IGNORECASE,
    )
