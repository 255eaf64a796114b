"""A random generator -> small made-up texts whose rewriting is known.

Each maker returns what both the corpus and the instruction set are built from: the text
and its counterpart (active and passive, news and headline, message and department).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from pretraining.facts import read_table, read_yaml_table
from pretraining.wordings import free_text, with_articles


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A text and what becomes of it under the task named."""

    task: str
    text: str
    counterpart: str


def capitalized(text: str) -> str:
    """The text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


@cache
def nouns(*kinds: str) -> tuple[tuple[str, str], ...]:
    """Singular and plural of every noun of these kinds; "animal" is one."""
    found = [(r["noun"], r["plural"]) for r in read_table("nouns") if r["kind"] in kinds]
    if "animal" in kinds:
        found += [(r["animal"], r["plural"]) for r in read_table("animals")]
    return tuple(found)


@cache
def verbs_for(kind: str) -> tuple[dict[str, str], ...]:
    """Verbs whose object is a thing or a person."""
    return tuple(r for r in read_table("verbs") if kind in r["object"].split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Somebody does something to something; each noun with its adjective and number."""

    agent: str
    agent_is_plural: bool
    verb: dict[str, str]
    target: str
    target_is_plural: bool

    @property
    def present(self) -> str:
        """The baker paints the door."""
        verb = self.verb["verb" if self.agent_is_plural else "third"]
        return f"The {self.agent} {verb} the {self.target}."

    @property
    def past(self) -> str:
        """The baker painted the door."""
        return f"The {self.agent} {self.verb['past']} the {self.target}."

    @property
    def passive(self) -> str:
        """The door was painted by the baker."""
        auxiliary = "were" if self.target_is_plural else "was"
        participle = self.verb["participle"]
        return f"The {self.target} {auxiliary} {participle} by the {self.agent}."


def make_event(rng: random.Random) -> Event:
    """An event with a person or an animal as its agent."""
    agent, agent_is_plural = _noun(rng, nouns("person", "animal"))
    kind = rng.choice(("thing", "thing", "person"))
    targets = nouns("thing", "food", "nature") if kind == "thing" else nouns("person", "animal")
    target, target_is_plural = _noun(rng, targets)
    return Event(
        agent=agent,
        agent_is_plural=agent_is_plural,
        verb=rng.choice(verbs_for(kind)),
        target=target,
        target_is_plural=target_is_plural,
    )


def _noun(rng: random.Random, choices: Sequence[tuple[str, str]]) -> tuple[str, bool]:
    is_plural = rng.random() < 0.25
    word = rng.choice(choices)[int(is_plural)]
    if rng.random() < 0.3:
        word = f"{rng.choice(free_text()['adjectives'])} {word}"
    return word, is_plural


def make_passive(rng: random.Random) -> Pair:
    """An active sentence and its passive."""
    event = make_event(rng)
    return Pair(task="passive", text=event.past, counterpart=event.passive)


def make_past(rng: random.Random) -> Pair:
    """A sentence in the present and the same in the past tense."""
    event = make_event(rng)
    return Pair(task="past_text", text=event.present, counterpart=event.past)


def make_plural(rng: random.Random) -> Pair:
    """A noun with an adjective, and its plural."""
    singular, plural = rng.choice(nouns("person", "thing", "place", "food", "body", "animal"))
    adjective = rng.choice(free_text()["adjectives"])
    return Pair(
        task="plural_text",
        text=f"the {adjective} {singular}",
        counterpart=f"the {adjective} {plural}",
    )


def make_review(rng: random.Random) -> Pair:
    """A review and its tone."""
    tone, key = rng.choice((("positive", "praise"), ("negative", "complaint")))
    parts = free_text()
    product = rng.choice(read_table("products"))["product"]
    subject = rng.choice(parts["review_subjects"]).format(product=product)
    closing = rng.choice(parts["review_closings"][key]) if rng.random() < 0.4 else ""
    text = f"{subject} {rng.choice(parts[key])}. {closing}".strip()
    return Pair(task="tone", text=text, counterpart=tone)


def make_headline(rng: random.Random) -> Pair:
    """A headline and its topic."""
    topic = rng.choice(sorted(free_text()["topics"]))
    return Pair(
        task="topic",
        text=capitalized(rng.choice(free_text()["topics"][topic])),
        counterpart=topic,
    )


def make_message(rng: random.Random) -> Pair:
    """A customer's message and the department that sees to it."""
    departments = read_yaml_table("departments")
    name = rng.choice(sorted(departments))
    product = rng.choice(read_table("products"))["product"].split(" ", 1)[1]
    message = rng.choice(departments[name]["messages"]).format(product=product)
    return Pair(task="route", text=message, counterpart=name)


_KEYWORD_PATTERNS = (
    "In the {place} the {person} put the {thing} beside the {food}.",
    "The {person} took the {thing} to the {place}.",
    "A {animal} and a {person} sat near the {place}.",
    "The {thing} of the {person} was found in the {place}.",
    "Without a {thing}, the {person} could not reach the {place}.",
    "The {person} saw a {animal} behind the {thing}.",
    "There was a {food} on the {thing}, and the {animal} wanted it.",
    "Next to the {place} a {person} sells each {food} with a {thing}.",
)


def make_keywords(rng: random.Random) -> Pair:
    """A sentence and its nouns in their order."""
    kinds = ("person", "thing", "place", "food", "animal")
    words = {kind: rng.choice(nouns(kind))[0] for kind in kinds}
    pattern = rng.choice(_KEYWORD_PATTERNS)
    used = sorted(
        (k for k in kinds if f"{{{k}}}" in pattern), key=lambda k: pattern.index(f"{{{k}}}")
    )
    text = with_articles(pattern.format(**words))
    return Pair(task="keywords", text=text, counterpart=", ".join(words[k] for k in used))


_TIMES = ("Yesterday", "Last night", "This morning", "On Monday", "On Friday", "Last week")
_CROWDS = (
    "Many people came to watch.",
    "Nobody had expected it.",
    "The neighbours were pleased.",
    "It took the whole day.",
    "The papers wrote about it.",
    "A crowd of children cheered.",
)


def make_news(rng: random.Random) -> Pair:
    """A short report and its headline."""
    event = make_event(rng)
    city = rng.choice(read_table("countries"))["capital"]
    verb = event.verb["verb" if event.agent_is_plural else "third"]
    agent = event.agent
    article = "the" if event.target_is_plural else "a"
    text = (
        f"{rng.choice(_TIMES)} the {agent} {event.verb['past']} {article} {event.target} "
        f"in {city}. {rng.choice(_CROWDS)}"
    )
    headline = f"{capitalized(agent)} {verb} {event.target} in {city}"
    return Pair(task="headline", text=with_articles(text), counterpart=headline)


def make_conversion(rng: random.Random) -> tuple[str, str, str]:
    """A quantity, the unit to convert it to, and the quantity in that unit."""
    row = rng.choice([r for r in read_table("units") if int(r["count"]) in _EASY_COUNTS])
    number = rng.randint(2, 9)
    return f"{number} {row['units']}", row["parts"], f"{number * int(row['count'])} {row['parts']}"


_EASY_COUNTS = frozenset({3, 4, 7, 8, 10, 12, 60, 100, 1000})


def fixed_texts() -> tuple[str, ...]:
    """What the made-up texts hold besides words of the tables."""
    return (*_KEYWORD_PATTERNS, *_TIMES, *_CROWDS, "was were by the a an")
