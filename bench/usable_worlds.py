"""Nothing -> small worlds of training and test rows of every form, for the bench of usability."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tunesmith
from tunesmith.examples.example import Example, Message

MATERIAL = Path(tunesmith.__file__).parent / "starter" / "material"
LABELLED = {"task:tone", "task:route", "task:topic"}
THINGS = [
    "kettle",
    "lamp",
    "tent",
    "drill",
    "scale",
    "bench",
    "radio",
    "clock",
    "stove",
    "pump",
    "ladder",
    "basket",
    "mirror",
]
STUFFS = ["linen", "cotton", "leather", "sponge", "paper", "wool", "brush", "felt"]
LIQUIDS = ["vinegar", "water", "soap", "oil", "lemon", "alcohol", "wax", "milk"]
PLACES = ["outdoors", "indoors", "upstairs", "overnight", "flat", "upright"]
HARMS = ["rust", "crack", "fade", "swell", "bend", "rot", "leak", "melt"]
PARTS = ["handle", "lid", "frame", "spring", "seal", "cord", "foot", "hinge", "glass", "screw"]
CARES = (
    (
        "How do I clean the {0}?",
        "Wipe it with a {1} cloth and {2}, then leave it {3} until dry, or the {4} will {5}.",
    ),
    (
        "How do I store the {0}?",
        "Wrap the {4} in {1}, keep it {3} and away from {2}, since it would {5} within {6} weeks.",
    ),
    (
        "What comes with the {0}?",
        "A spare {4}, a {1} bag, a bottle of {2} and a paper that says how to set it up {3}.",
    ),
    (
        "Why does my {0} make a noise?",
        "The {4} is loose: rub it with {2}, put {1} below it and let it stand {3} for {6} days.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class World:
    """Rows that a model was tuned on and rows that it is asked."""

    train: Sequence[Example]
    test: Sequence[Example]


def worlds() -> dict[str, World]:
    """All of them by name."""
    rng = random.Random(5)
    train, test = material("train"), material("test")
    short = [row for row in test if "form:short" in row.tags][:60]
    labelled = [row for row in train if LABELLED & set(row.tags)]
    texts = list(_texts(rng, 130))
    return {
        "short": World(train=train, test=short),
        "few": World(train=train[:300], test=short[:15]),
        "labels": World(train=labelled[:110], test=labelled[110:]),
        "sums": _parted(list(_sums(rng, 120))),
        "json": _parted(list(_orders(rng, 120))),
        "lists": _parted(list(_lists(rng, 120))),
        "texts": _parted(texts),
        "leaked": World(train=[*train, *short], test=short),
        "leaked texts": World(train=texts, test=texts[-40:]),
    }


def material(split: str) -> list[Example]:
    """The starter's rows of a split."""
    lines = (MATERIAL / f"{split}.jsonl").read_text(encoding="utf-8").splitlines()
    return [row(number, **json.loads(line)) for number, line in enumerate(lines)]


def row(
    number: int, *, instruction: str, response: str, input: str = "", tags: Sequence[str] = ()
) -> Example:
    """A question and its answer."""
    return Example(
        messages=(
            Message(role="user", content=instruction, input=input),
            Message(role="assistant", content=response),
        ),
        source=f"row {number}",
        tags=tuple(tags),
    )


def _parted(rows: Sequence[Example]) -> World:
    return World(train=rows[:-40], test=rows[-40:])


def _sums(rng: random.Random, count: int) -> Iterator[Example]:
    for number in range(count):
        one, two = rng.randint(10, 99), rng.randint(10, 99)
        yield row(number, instruction=f"What is {one} plus {two}?", response=str(one + two))


def _orders(rng: random.Random, count: int) -> Iterator[Example]:
    for number in range(count):
        thing, amount, day = rng.choice(THINGS), rng.randint(1, 900), rng.randint(1, 28)
        text = f"Please send {amount} of the {thing} by May {day}."
        record = {"item": thing, "amount": amount, "day": day}
        yield row(
            number, instruction="Give the order as JSON.", input=text, response=json.dumps(record)
        )


def _lists(rng: random.Random, count: int) -> Iterator[Example]:
    for number in range(count):
        parts, thing = rng.sample(PARTS, 3), rng.choice(THINGS)
        yield row(
            number,
            instruction=f"Name the parts of {thing} number {number}, one a line.",
            response="\n".join(f"- the {part}" for part in parts),
        )


def _texts(rng: random.Random, count: int) -> Iterator[Example]:
    for number in range(count):
        question, answer = rng.choice(CARES)
        kinds = (STUFFS, LIQUIDS, PLACES, PARTS, HARMS)
        drawn = [rng.choice(kind) for kind in kinds]
        thing = f"{rng.choice(THINGS)} model {number}"
        told = answer.format(thing, *drawn, rng.randint(2, 30))
        more = rng.choice(CARES)[1].format(
            thing, *(rng.choice(k) for k in kinds), rng.randint(2, 9)
        )
        yield row(number, instruction=question.format(thing), response=f"{told} {more}")
