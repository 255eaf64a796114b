"""section_wordings.yaml -> the wordings and verbs that headings are turned into questions with."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import yaml

from tunesmith.files import hash_json

WordingLanguage = Literal["en", "zh", "ja", "ko", "ru", "el", "ar", "he", "hi", "th"]
_SCRIPTS: tuple[tuple[WordingLanguage, re.Pattern[str]], ...] = (  # the first that is found counts
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]{2}")),  # one letter may be a formula's
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)
_VOWEL_CONSONANT = re.compile(r"(?:^|[^aeiou])[aeiou][bdgklmnprt]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingPattern:
    """A kind of heading, and how its section is asked for."""

    heading: re.Pattern[str]
    named: tuple[str, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingWordings:
    """How headings become questions, in one language."""

    patterns: tuple[HeadingPattern, ...]
    forms: Mapping[str, Any]

    def pick(self, form: str, has_name: bool, seed: str) -> str:
        """The wording of a form that a seed draws."""
        choices = self.forms[form]
        if isinstance(choices, dict):
            choices = choices["named" if has_name else "without"]
        return draw_wording(choices, seed)


def draw_wording(choices: Sequence[str], seed: str) -> str:
    """One of some wordings, always the same for a seed."""
    return choices[int(hash_json(seed)[:8], 16) % len(choices)]


def wording_language(text: str) -> WordingLanguage:
    """The language that a text is asked about in, by its script; English where none shows."""
    return next((language for language, script in _SCRIPTS if script.search(text)), "en")


@functools.cache
def heading_wordings(language: WordingLanguage) -> HeadingWordings:
    """The table of a language."""
    table = _table()[language]
    patterns = tuple(
        HeadingPattern(
            heading=re.compile(entry["heading"], re.IGNORECASE),
            named=tuple(entry["named"]),
            without=tuple(entry["without"]),
        )
        for entry in table["patterns"]
    )
    return HeadingWordings(patterns=patterns, forms=table)


@functools.cache
def verbs() -> Mapping[str, str]:
    """English verbs by their gerund: installing -> install."""
    words = _table()["verbs"].split()
    return {gerund: verb for verb in words for gerund in _gerunds(verb)}


@functools.cache
def often_nouns() -> frozenset[str]:
    """Verbs and gerunds that are as often nouns."""
    table = _table()
    return frozenset(table["verbs_often_nouns"].split() + table["gerunds_often_nouns"].split())


@functools.cache
def kinds_of_text() -> frozenset[str]:
    """Second words that make a noun of what looks like an action: "Decoding overview"."""
    return frozenset(_table()["kinds_of_text"].split())


@functools.cache
def done_to_products() -> frozenset[str]:
    """Verbs that a heading of one word says of the product itself: "Building"."""
    return frozenset(_table()["done_to_products"].split())


@functools.cache
def built_or_installed() -> frozenset[str]:
    """Verbs that mean the product where they name nothing: "Building under Windows"."""
    return frozenset(_table()["built_or_installed"].split())


def _gerunds(verb: str) -> tuple[str, ...]:
    """How a verb's gerund may be spelled: with its last letter doubled or not."""
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return (f"{verb[:-1]}ing",)
    if _VOWEL_CONSONANT.search(verb):
        return (f"{verb}{verb[-1]}ing", f"{verb}ing")
    return (f"{verb}ing",)


@functools.cache
def _table() -> Any:
    text = resources.files(__package__).joinpath("section_wordings.yaml").read_text("utf-8")
    return yaml.safe_load(text)
