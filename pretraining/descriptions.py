"""The tables -> two sentences about a country, an element or an animal."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pretraining.facts import read_table
from pretraining.sentences import capitalized
from pretraining.wordings import with_articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is said about `x`; `name` is the entity, `x` how a question names it."""

    name: str
    x: str
    text: str


@cache
def all_descriptions() -> tuple[Description, ...]:
    """A description of everything of which the tables know enough."""
    countries = [_country(row) for row in read_table("countries") if all(row.values())]
    elements = [_element(row) for row in read_table("elements")]
    animals = [_animal(row) for row in read_table("animals") if row["young"]]
    return (*countries, *elements, *animals)


def _country(row: Mapping[str, str]) -> Description:
    name = row["country"]
    text = (
        f"{capitalized(name)} is a country in {row['continent']}. Its capital is "
        f"{row['capital']}, and its currency is the {row['currency']}."
    )
    return Description(name=name, x=name, text=text)


def _element(row: Mapping[str, str]) -> Description:
    name = row["element"]
    text = (
        f"{capitalized(name)} is a chemical element. Its symbol is {row['symbol']}, and its "
        f"atomic number is {row['number']}."
    )
    return Description(name=name, x=f"the element {name}", text=text)


def _animal(row: Mapping[str, str]) -> Description:
    name = row["animal"]
    text = f"The {name} is a kind of {row['class']}. Its young is called a {row['young']}."
    return Description(name=name, x=f"the {name}", text=with_articles(text))
