"""The tables -> which entities no training pair may mention, so that only the base knows them.

A quarter of the entities, chosen by the hash of their name. A word that the fixed parts of
the wordings hold (an "old" house, two "days") is never held out, since it could not be kept
out of the pairs.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pretraining import letters, sentences
from pretraining.facts import all_facts, read_yaml_table
from pretraining.wordings import all_wordings, free_text, text_tasks

_ONE_IN = 4
_OPEN_LISTS = frozenset({"first_names", "gifts", "topics"})


def falls_out(name: str) -> bool:
    """Whether chance, that is the hash of the name, holds this name out."""
    return hashlib.sha256(name.encode()).digest()[0] % _ONE_IN == 0


@cache
def held_out_names() -> frozenset[str]:
    """Every name of every entity that is held out."""
    fixed = _fixed_words()
    names: set[str] = set()
    for facts in all_facts().values():
        for fact in facts:
            if _may_fall_out(fact.entity, fixed) and falls_out(min(fact.entity)):
                names.update(fact.entity)
    names.update(name for name in free_text()["first_names"] if falls_out(name))
    return frozenset(names)


def mentions_held_out(text: str) -> bool:
    """Whether a held-out name stands in the text as a word of its own."""
    whatever_case, exact = _patterns()
    return bool(whatever_case.search(text) or exact.search(text))


def _may_fall_out(entity: tuple[str, ...], fixed: frozenset[str]) -> bool:
    is_copy = any(entity[0] in name for name in entity[1:] if entity[0] != name)
    is_plural_pair = is_copy and not entity[0][:1].isupper()
    return (is_plural_pair or not is_copy) and not any(name.lower() in fixed for name in entity)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    symbols = {fact.x for fact in all_facts()["element"]}
    names = sorted(held_out_names(), key=len, reverse=True)
    return (
        _pattern([n for n in names if n not in symbols], re.IGNORECASE),
        _pattern([n for n in names if n in symbols], re.NOFLAG),
    )


def _pattern(names: list[str], flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)", flags)


@cache
def _fixed_words() -> frozenset[str]:
    open_parts = {key: value for key, value in free_text().items() if key not in _OPEN_LISTS}
    sources = (
        [vars_of for wording in all_wordings().values() for vars_of in wording.patterns],
        open_parts,
        dict(text_tasks()),
        read_yaml_table("policies"),
        read_yaml_table("departments"),
        letters.fixed_texts(),
        sentences.fixed_texts(),
    )
    words: set[str] = set()
    for text in _strings(sources):
        words.update(re.findall(r"[^\W\d_]+", re.sub(r"\{\w+\}", " ", text).lower()))
    return frozenset(words)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings([*value.keys(), *value.values()])
    else:
        for part in value:
            yield from _strings(part)
