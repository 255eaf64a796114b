"""The tables of the starter's small world -> facts: pairs of a thing and what is true of it.

Every fact comes from general knowledge, or from the shop that the tables invent.
Example: `Fact(relation="capital", x="Peru", y="Lima", entity=("Peru", "Lima"))`.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

TABLES = Path(__file__).parent / "tables"
COMPANY = "Quillmoor"
SEQUENCES: tuple[tuple[str, ...], ...] = (
    ("January", "February", "March", "April", "May", "June", "July", "August", "September",
     "October", "November", "December"),
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune"),
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
     "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
     "nineteen", "twenty"),
    ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
     "tenth", "eleventh", "twelfth"),
)  # fmt: skip
_LARGEST_SUMMAND = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """`y` is what `relation` says of `x`.

    `entity` holds the names that stand or fall together when an entity is held out of the
    training pairs; `extra` fills further slots of a wording.
    """

    relation: str
    x: str
    y: str
    entity: tuple[str, ...]
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@cache
def read_table(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a tab-separated table, by the names in its first line."""
    with (TABLES / f"{name}.tsv").open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


@cache
def read_yaml_table(name: str) -> dict[str, Any]:
    """A table with lists in it."""
    table: dict[str, Any] = yaml.safe_load((TABLES / f"{name}.yaml").read_text("utf-8"))
    return table


@cache
def all_facts() -> Mapping[str, tuple[Fact, ...]]:
    """Every fact of the world, by relation."""
    facts: dict[str, list[Fact]] = {}
    for make in (_geography, _elements, _animals, _words, _units, _sums, _sequences, _prices):
        for fact in make():
            facts.setdefault(fact.relation, []).append(fact)
    return MappingProxyType({name: tuple(found) for name, found in facts.items()})


def _geography() -> Iterator[Fact]:
    for row in read_table("countries"):
        country, capital = row["country"], row["capital"]
        entity = (country, capital)
        yield Fact(relation="capital", x=country, y=capital, entity=entity)
        yield Fact(relation="country", x=capital, y=country, entity=entity)
        for relation in ("currency", "continent"):
            if row[relation]:
                yield Fact(relation=relation, x=country, y=row[relation], entity=entity)


def _elements() -> Iterator[Fact]:
    for row in read_table("elements"):
        element, symbol = row["element"], row["symbol"]
        entity = (element, symbol)
        yield Fact(relation="symbol", x=element, y=symbol, entity=entity)
        yield Fact(relation="element", x=symbol, y=element, entity=entity)
        yield Fact(relation="number", x=element, y=row["number"], entity=entity)


def _animals() -> Iterator[Fact]:
    for row in read_table("animals"):
        entity = tuple(row[key] for key in ("animal", "plural", "young") if row[key])
        yield Fact(relation="plural", x=row["animal"], y=row["plural"], entity=entity)
        for relation in ("class", "young", "sound"):
            if row[relation]:
                yield Fact(relation=relation, x=row["animal"], y=row[relation], entity=entity)


def _words() -> Iterator[Fact]:
    for row in read_table("nouns"):
        entity = (row["noun"], row["plural"])
        yield Fact(relation="plural", x=row["noun"], y=row["plural"], entity=entity)
    for row in read_table("verbs"):
        forms = (row["verb"], row["third"], row["past"], row["participle"])
        yield Fact(relation="past", x=row["verb"], y=row["past"], entity=forms)
    for table, column in (("opposites", "opposite"), ("synonyms", "synonym")):
        for row in read_table(table):
            word, other = row["word"], row[column]
            yield Fact(relation=column, x=word, y=other, entity=(word, other))
            yield Fact(relation=column, x=other, y=word, entity=(word, other))


def _units() -> Iterator[Fact]:
    for row in read_table("units"):
        yield Fact(
            relation="unit",
            x=row["unit"],
            y=row["count"],
            entity=(row["unit"], row["units"]),
            extra={"parts": row["parts"], "units": row["units"]},
        )


def _sums() -> Iterator[Fact]:
    for first in range(1, _LARGEST_SUMMAND + 1):
        for second in range(1, _LARGEST_SUMMAND + 1):
            entity = (f"{first} plus {second}", f"{second} plus {first}")
            total = str(first + second)
            yield Fact(relation="sum", x=entity[0], y=total, entity=entity)


def _sequences() -> Iterator[Fact]:
    for sequence in SEQUENCES:
        for here, following in pairwise(sequence):
            yield Fact(relation="after", x=here, y=following, entity=(here,))


def _prices() -> Iterator[Fact]:
    for row in read_table("products"):
        yield Fact(
            relation="price",
            x=row["product"],
            y=row["price"],
            entity=(row["product"],),
        )
