"""Planted repetitions, threads, fact pairs and shares -> what the division makes of them.

    python -m bench.planted_duplicates

Texts are drawn from the words of the million-row bench. JSON is printed.
"""

import itertools
import json
import random
import tempfile
from pathlib import Path

import numpy as np

from bench.million_rows import SYLLABLES, new_row
from tunesmith.examples.example import Example, Message
from tunesmith.examples.read_chunks import chunk_examples
from tunesmith.examples.splitting.assign import SplitAssignment, assign_splits
from tunesmith.examples.splitting.collection import Collection
from tunesmith.examples.splitting.split import NO_SPLIT, SPLITS
from tunesmith.examples.splitting.split_memory import SplitMemory
from tunesmith.recipe.recipe import ExamplesRecipe, SourceRecipe

SHORT = (
    ("What is the capital of {0}?", "The capital of {0} is {1}."),
    ("Which city is the capital of {0}?", "{1} is the capital of {0}."),
    ("Name the capital city of {0}, please.", "{1}"),
    ("Where does the government of {0} sit?", "The government of {0} sits in {1}, its capital."),
    ("{0}: capital?", "{1}"),
)
LONG = (  # 25 and 38 words
    (
        "Please tell me which city is the capital of {0}, in one sentence.",
        "The city that is the capital of {0} is {1}, as everybody knows.",
    ),
    (
        "I am preparing a quiz for my class and need a short answer that I can print on a card: "
        "what is the capital of {0}?",
        "The capital of {0} is {1}, and you may print that on your card.",
    ),
)
PAIRS, THREADS = 5000, 2000


def main() -> None:
    """Measure and print."""
    rng = random.Random(0)
    words = ["".join(rng.choices(SYLLABLES, k=rng.randint(2, 3))) for _ in range(20_000)]
    result = {
        "exact duplicates": equal(rng, words),
        "thread pieces": threads(rng, words),
        "near-duplicates in one group": {
            length: near(rng, words, length) for length in (20, 25, 30, 50, 100, 200)
        },
        "fact pairs in one group": facts(rng, SHORT),
        "long fact pairs in one group": facts(rng, LONG),
        "shares": {size: shares(size) for size in (1_000, 10_000, 100_000)},
    }
    print(json.dumps(result, indent=2))


def assigned(examples: list[Example], recipe: ExamplesRecipe | None = None) -> SplitAssignment:
    """Where they fall, with nothing remembered."""
    recipe = recipe or ExamplesRecipe()
    with tempfile.TemporaryDirectory() as name, Collection(Path(name)) as collection:
        collection.add_all(chunk_examples([(SourceRecipe(path="planted.jsonl"), examples)]))
        return assign_splits(collection, recipe, SplitMemory(Path(name) / "splits.jsonl", recipe))


def pair(question: str, answer: str, group: str | None = None) -> Example:
    """A question and its answer."""
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=turns, source="planted.jsonl:1", group=group)


def alpaca(rng: random.Random, words: list[str], group: str | None = None) -> Example:
    """One of the million rows."""
    row = new_row(rng, words)
    return pair(f"{row['instruction']} {row['input']}", row["output"], group)


def equal(rng: random.Random, words: list[str]) -> dict[str, int]:
    """Copies, of which none may stay."""
    originals = [alpaca(rng, words) for _ in range(PAIRS)]
    assignment = assigned([*originals, *rng.sample(originals, PAIRS)])
    copies = assignment.splits[PAIRS:]
    return {"planted": PAIRS, "dropped": int((copies == NO_SPLIT).sum())}


def threads(rng: random.Random, words: list[str]) -> dict[str, int]:
    """Pieces of threads, shuffled; a thread may not be on two sides."""
    pieces = [alpaca(rng, words, f"thread {thread}") for thread in range(THREADS) for _ in range(5)]
    rng.shuffle(pieces)
    assignment = assigned(pieces)
    found: dict[str | None, set[int]] = {}
    for piece, split in zip(pieces, assignment.splits.tolist(), strict=True):
        found.setdefault(piece.group, set()).add(split)
    return {"planted": THREADS, "on one side": sum(len(splits) == 1 for splits in found.values())}


def near(rng: random.Random, words: list[str], length: int) -> dict[str, float]:
    """Texts and their twins with one word in ten changed, at random places or spread evenly."""
    result = {}
    for spread in ("at random places", "one in each ten"):
        one, two = [], []
        for _ in range(PAIRS):
            text = rng.choices(words, k=length)
            one.append(as_pair(text))
            two.append(as_pair(changed(rng, words, text, is_even=spread == "one in each ten")))
        assignment = assigned([*one, *two])
        first = assignment.first
        is_joined = (first[:PAIRS] == first[PAIRS:]) | (assignment.splits[PAIRS:] == NO_SPLIT)
        result[spread] = round(float(is_joined.mean()), 4)
    return result


def as_pair(text: list[str]) -> Example:
    """A third of it asks, the rest answers."""
    cut = len(text) // 3
    return pair(" ".join(text[:cut]) + "?", " ".join(text[cut:]) + ".")


def changed(rng: random.Random, words: list[str], text: list[str], *, is_even: bool) -> list[str]:
    """The text with one word in ten replaced."""
    tens = range(0, len(text) - len(text) % 10, 10)
    places = (
        [start + rng.randrange(10) for start in tens]
        if is_even
        else rng.sample(range(len(text)), len(tens))
    )
    result = list(text)
    for place in places:
        result[place] = rng.choice(words)
    return result


def facts(rng: random.Random, wordings: tuple[tuple[str, str], ...]) -> list[dict[str, object]]:
    """Of all pairs of one wording that differ in the country and the city, those in one group."""
    lands = ["".join(rng.choices(SYLLABLES, k=3)).title() for _ in range(200)]
    cities = ["".join(rng.choices(SYLLABLES, k=3)).title() for _ in lands]
    others = [pair(f"other {number}", "a") for number in range(100)]
    result: list[dict[str, object]] = []
    for question, answer in wordings:
        asked = zip(lands, cities, strict=True)
        examples = [pair(question.format(*both), answer.format(*both)) for both in asked]
        first = assigned([*examples, *others]).first.tolist()[: len(lands)]
        joined = sum(a == b for a, b in itertools.combinations(first, 2))
        total = len(lands) * (len(lands) - 1) // 2
        result.append({"question": question, "pairs": total, "joined": joined})
    return result


def shares(size: int) -> dict[str, float]:
    """The worst distance from the shares asked for, over ten seeds, in points and deviations."""
    examples = [pair(f"question {number}", "a") for number in range(size)]
    asked = np.array([0.85, 0.05, 0.10])
    points, deviations = 0.0, 0.0
    for seed in range(10):
        counts = np.bincount(assigned(examples, ExamplesRecipe(seed=seed)).splits, minlength=3)
        distance = np.abs(counts[: len(SPLITS)] / size - asked)
        points = max(points, float(distance.max()) * 100)
        deviations = max(deviations, float((distance / np.sqrt(asked * (1 - asked) / size)).max()))
    return {"points": round(points, 2), "standard deviations": round(deviations, 2)}


if __name__ == "__main__":
    main()
