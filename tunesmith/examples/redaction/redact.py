"""An example -> the same without what identifies people or opens doors, counted by kind.

`[email]`, `[phone]`, `[card]`, `[iban]`, `[account]`, `[ip]`, `[secret]` and `@person_…`
stand in their place. Most texts hold nothing: a few cheap tests find those, in microseconds.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from typing import get_args

from tunesmith.examples.example import Example, Message
from tunesmith.examples.redaction.addresses import hide_emails, hide_ip_addresses
from tunesmith.examples.redaction.bank_numbers import hide_accounts, hide_cards
from tunesmith.examples.redaction.credentials import hide_secrets
from tunesmith.examples.redaction.handles import hide_handles
from tunesmith.examples.redaction.phones import hide_phones
from tunesmith.recipe.values import RedactKind
from tunesmith.sources.lines import PREVIEW_CHARACTERS
from tunesmith.sources.row import Dropped

ALL_KINDS: tuple[RedactKind, ...] = get_args(RedactKind)
_NAME_HINT = re.compile(r"[@+_-]")
_HAS_DIGIT = re.compile(r"[0-9]")
_MANY_DIGITS = re.compile(r"[0-9](?:[^0-9A-Za-z\n]{0,3}[0-9]){6}")
_MAX_PASSES = 5
_IN_NAMES: tuple[RedactKind, ...] = ("secret", "email", "phone", "handle")
# A preview that was cut may hold half a secret at its end, which nothing would know.
_CUT_END = re.compile(r"[^\s\"',;<>{}\[\]]*(?:[\d() ./+-]*)$")


def redact(
    example: Example, kinds: Collection[RedactKind], *, seed: int = 0
) -> tuple[Example, Counter[str]]:
    """Hide the named kinds in an example's messages, source, group and tags.

    Args:
        example: Is not changed.
        kinds: Which to hide; none of them: nothing.
        seed: Of pseudonyms, `examples.seed`.

    Returns:
        The example, the very same one where it held nothing; and how many of each kind.
    """
    counts: Counter[str] = Counter()
    if not kinds:
        return example, counts
    messages = [_message(one, kinds, counts, seed) for one in example.messages]
    source = redact_name(example.source, kinds, seed=seed)
    group = example.group and redact_name(example.group, kinds, seed=seed)
    tags = [redact_text(tag, kinds, counts, seed=seed) for tag in example.tags]
    rejected = example.rejected and redact_text(example.rejected, kinds, counts, seed=seed)
    if not counts and source == example.source and group == example.group:
        return example, counts
    hidden = replace(
        example,
        messages=tuple(messages),
        source=source,
        group=group,
        tags=tuple(tags),
        rejected=rejected,
    )
    return hidden, counts


def redact_dropped(item: Dropped, kinds: Collection[RedactKind], *, seed: int = 0) -> Dropped:
    """Hide the same in what was left out: its place, its detail and the text that is shown."""
    if not kinds:
        return item
    text = item.text
    if len(text) >= PREVIEW_CHARACTERS - 2:
        text = _CUT_END.sub("", text)
    nobody: Counter[str] = Counter()
    return replace(
        item,
        source=redact_name(item.source, kinds, seed=seed),
        detail=redact_text(item.detail, kinds, nobody, seed=seed),
        text=redact_text(text.replace(r"\u0040", "@"), kinds, nobody, seed=seed),
    )


def redact_name(name: str, kinds: Collection[RedactKind], *, seed: int = 0) -> str:
    """A place without what people put into file names; the line or message behind it stays."""
    if not _NAME_HINT.search(name):
        return name
    file, colon, place = name.rpartition(":") if ":" in name else (name, "", "")
    some = [kind for kind in _IN_NAMES if kind in kinds and (kind != "phone" or "+" in file)]
    return redact_text(file, some, Counter(), seed=seed) + colon + place


def redact_text(
    text: str, kinds: Collection[RedactKind], counts: Counter[str], *, seed: int = 0
) -> str:
    """Hide the named kinds in a text, and count them.

    What was hidden may have stood in the way of its neighbour, so a text that held something
    is looked at again; the result holds nothing that another call would find.
    """
    for _ in range(_MAX_PASSES):
        shown = _hidden_once(text, kinds, counts, seed)
        if shown == text:
            break
        text = shown
    return text


def _hidden_once(text: str, kinds: Collection[RedactKind], counts: Counter[str], seed: int) -> str:
    """Secrets go first, for they may hold anything; handles go last, when addresses are gone."""
    hidden: dict[str, int] = {}
    if "secret" in kinds:
        text, hidden["secret"] = hide_secrets(text)
    has_at = "@" in text
    if "email" in kinds and (has_at or "at]" in text or "at)" in text):
        text, hidden["email"] = hide_emails(text)
    if _HAS_DIGIT.search(text):
        text = _numbers(text, kinds, hidden)
    if has_at and "handle" in kinds:
        text, hidden["handle"] = hide_handles(text, seed=seed)
    for kind, count in hidden.items():
        if count:
            counts[kind] += count
    return text


def _numbers(text: str, kinds: Collection[RedactKind], hidden: dict[str, int]) -> str:
    """What is made of digits; the kinds with a checksum go before phones, which have none."""
    has_many = _MANY_DIGITS.search(text) is not None
    if has_many and "account" in kinds:
        text, hidden["account"] = hide_accounts(text)
    if has_many and "card" in kinds:
        text, hidden["card"] = hide_cards(text)
    if "ip" in kinds:
        text, hidden["ip"] = hide_ip_addresses(text)
    if has_many and "phone" in kinds:
        text, hidden["phone"] = hide_phones(text)
    return text


def _message(
    message: Message, kinds: Collection[RedactKind], counts: Counter[str], seed: int
) -> Message:
    content = redact_text(message.content, kinds, counts, seed=seed)
    given = redact_text(message.input, kinds, counts, seed=seed) if message.input else ""
    if content == message.content and given == message.input:
        return message
    return replace(message, content=content, input=given)
