"""Runs of known worth -> what the rules of usability say of them, against a truth written by hand.

    python -m bench.usable --tuned FOLDER

The starter is tuned nine times, half an hour on two cores; what an earlier call left in the folder
is taken as it is, and then it takes a minute.

A *world* is a set of test rows beside training rows; an *answerer* is a model whose worth in it is
known: tuned for real on the starter's material, or made of references as a fault would make them.
A hundred more runs are drawn at random, to see that "Better" never stands above what cannot be used
or above what a look-up does as well. JSON is printed.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.usable_tunings import answers_of, read_answers, tunings
from bench.usable_worlds import World, material, worlds
from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.headline import Headline, headline_of
from tunesmith.evaluation.metrics import grade_completions
from tunesmith.evaluation.nearest import NearestQuestion
from tunesmith.evaluation.references import ReferenceFile
from tunesmith.evaluation.score import score_files
from tunesmith.evaluation.usability.measure import UsabilityFiles, measure_usability
from tunesmith.evaluation.usability.usability import Usability, UsabilityOutcome
from tunesmith.evaluation.verdict import overall_verdict
from tunesmith.examples.example import Example, last_user_text
from tunesmith.files import read_json_lines, write_json_lines
from tunesmith.generation.responder import Completion

YES: UsabilityOutcome = "usable"
CARE: UsabilityOutcome = "usable with care"
NO: UsabilityOutcome = "not usable yet"
METRICS = ("exact_match", "token_f1", "rouge_l", "chrf")
MARKERS = ("### Instruction:", "### Input:", "### Response:")
MAX_WORDS = 40
Said = tuple[str, str]  # text, finish reason
Answerer = Callable[[World, random.Random], list[Said]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run: who answers which world, and what the answers are worth."""

    name: str
    world: World
    answerer: Answerer
    truth: UsabilityOutcome


def looping(text: str, *, start: int = 3) -> Said:
    """A text that gets stuck after some words."""
    words = text.split()
    head, unit = words[:start], words[max(0, start - 3) : start] or ["the"]
    return " ".join([*head, *unit * (MAX_WORDS // len(unit))]), "length"


def good(world: World, rng: random.Random) -> list[Said]:
    """Right; a longer text says the same with some words left out."""
    return [(shortened(example.reference, rng), "stop") for example in world.test]


def shortened(text: str, rng: random.Random) -> str:
    """A longer text without every eighth word or so; a short one as it is."""
    words = text.split(" ")
    if len(words) < 12:
        return text
    return " ".join(word for word in words if rng.random() > 0.12)


def shuffled(world: World, rng: random.Random) -> list[Said]:
    """Fluent answers to other questions."""
    texts = [example.reference for example in world.test]
    order = list(range(len(texts)))
    rng.shuffle(order)
    return [(texts[place], "stop") for place in order]


def wrong_facts(world: World, rng: random.Random) -> list[Said]:
    """Fluent answers to other questions of the same kind: the right phrases, other facts."""
    said = []
    for example in world.test:
        opening = last_user_text(example.prompt).split()[:2]
        others = [other for other in world.test if other is not example]
        alike = [e for e in others if last_user_text(e.prompt).split()[:2] == opening]
        said.append((rng.choice(alike or others).reference, "stop"))
    return said


def mostly(share: float, bad: Answerer) -> Answerer:
    """Right but for a share of the rows, in which another answerer speaks."""

    def answer(world: World, rng: random.Random) -> list[Said]:
        pairs = list(zip(good(world, rng), bad(world, rng), strict=True))
        count = round(share * len(pairs))
        wrong = set(rng.sample(range(len(pairs)), count))
        return [two if place in wrong else one for place, (one, two) in enumerate(pairs)]

    return answer


def each(change: Callable[[Example], Said]) -> Answerer:
    """One change to every reference."""
    return lambda world, _: [change(example) for example in world.test]


def run_on(example: Example) -> Said:
    """Right, and then the next question: no end token was learned."""
    words = f"{example.reference}\n\n### Instruction:\n{last_user_text(example.prompt)}".split(" ")
    return " ".join(words[:MAX_WORDS]), "length"


def run_on_plain(example: Example) -> Said:
    """Right, and then on and on in other words."""
    more = " He said that it was so, and she went to the market where many people were waiting"
    return (
        f"{example.reference}.{more} for the boat that came from the north with the mail",
        "length",
    )


def commonest(world: World, _: random.Random) -> list[Said]:
    """The commonest training answer to everything."""
    [(text, _count)] = Counter(example.reference for example in world.train).most_common(1)
    return [(text, "stop")] * len(world.test)


def nearest(world: World, _: random.Random) -> list[Said]:
    """The answer of the most similar training question."""
    index = NearestQuestion(last_user_text(example.prompt) for example in world.train)
    found = index.find([last_user_text(example.prompt) for example in world.test])
    return [(world.train[one.place].reference if one else "", "stop") for one in found]


def babble(world: World, rng: random.Random) -> list[Said]:
    """A base model that goes on writing: the question's words, over and over, never ending."""
    said = []
    for example in world.test:
        words = last_user_text(example.prompt).split()
        said.append((" ".join(rng.choices(words, k=MAX_WORDS)), "length"))
    return said


def foreign(example: Example) -> Said:
    """Fluent, and in another language."""
    return (
        "Das kann ich Ihnen leider nicht genau sagen, aber fragen Sie bitte unsere Kollegen im "
        f"Laden, die Ihnen gern weiterhelfen werden ({len(example.reference)}).",
        "stop",
    )


SIMULATED: Sequence[tuple[str, Answerer, Mapping[str, UsabilityOutcome]]] = (
    # name, who answers, what that is worth in which world
    (
        "good",
        good,
        dict.fromkeys(("short", "few", "labels", "sums", "json", "texts", "lists"), YES),
    ),
    ("base", babble, dict.fromkeys(("short", "few", "labels", "texts", "json"), NO)),
    ("loops", each(lambda e: looping(e.reference)), dict.fromkeys(("short", "few", "texts"), NO)),
    ("shuffled", shuffled, dict.fromkeys(("short", "few", "labels", "sums", "texts", "json"), NO)),
    ("wrong facts", wrong_facts, dict.fromkeys(("short", "sums", "json", "texts", "lists"), NO)),
    ("no end token", each(run_on), dict.fromkeys(("short", "texts", "sums"), NO)),
    ("no end token, plain", each(run_on_plain), dict.fromkeys(("short", "labels"), NO)),
    ("empty", each(lambda _: ("", "stop")), dict.fromkeys(("short", "texts"), NO)),
    (
        "question again",
        each(lambda e: (last_user_text(e.prompt), "stop")),
        {"short": NO, "texts": NO},
    ),
    ("one label", commonest, {"labels": NO, "short": NO}),
    ("other language", each(foreign), {"texts": NO, "short": NO}),
    ("fenced prose for JSON", each(lambda e: (f"The order is {e.id}.", "stop")), {"json": NO}),
    ("cut JSON", each(lambda e: (e.reference[:-6], "length")), {"json": NO}),
    ("sixth wrong", mostly(0.35, shuffled), dict.fromkeys(("labels", "sums", "json"), CARE)),
    (
        "some loop",
        mostly(0.15, each(lambda e: looping(e.reference))),
        {"short": CARE, "texts": CARE},
    ),
    ("leaked", good, {"leaked": CARE, "leaked texts": CARE}),
)


def simulated_cases(known: Mapping[str, World]) -> list[Case]:
    """Every simulated answerer in the worlds for which its worth is written down."""
    return [
        Case(name=f"{name}: {world}", world=known[world], answerer=answerer, truth=truth)
        for name, answerer, truths in SIMULATED
        for world, truth in truths.items()
    ]


# What the tunings are worth on the starter's held-out rows, by reading their answers: on rows
# with short answers, on longer ones, on 20 of all, on all.
PARTS: Mapping[str, Callable[[Sequence[Example]], list[Example]]] = {
    "short": lambda rows: [row for row in rows if "form:short" in row.tags],
    "longer": lambda rows: [row for row in rows if "writes" in row.tags],
    "20 rows": lambda rows: list(rows)[::16],
}
TUNED: Mapping[str, tuple[UsabilityOutcome, ...]] = {
    "untouched base": (NO, NO, NO),
    "under-trained, 100 rows": (NO, NO, NO),
    "300 rows": (CARE, CARE, CARE),
    "shuffled answers": (NO, NO, NO),
    "leaked test": (CARE, CARE, CARE),
    "random weights": (NO, NO, NO),
    "over-trained, 30 rows": (NO, NO, NO),
    "labels only": (NO, NO, NO),
    "under-trained, 300 rows": (NO, NO, NO),
    "good": (YES, YES, YES),
}


def tuned_cases(folder: Path) -> list[Case]:
    """The starter's tunings, each on three parts of the held-out rows."""
    cases = []
    test = material("test")
    for name, tuning in tunings().items():
        said = read_answers(answers_of(name, tuning, folder))
        for (part, chosen), truth in zip(PARTS.items(), TUNED[name], strict=True):
            world = World(train=tuning.rows or material("train"), test=chosen(test))
            cases.append(
                Case(name=f"{name}: {part}", world=world, answerer=_spoken(said), truth=truth)
            )
    return cases


def _spoken(said: Mapping[str, Completion]) -> Answerer:
    return lambda world, _: [(said[row.id].text, said[row.id].finish_reason) for row in world.test]


def look(case: Case, folder: Path, *, seed: int) -> tuple[Usability, Headline]:
    """Write a case as a run would, and look at it as a run does."""
    rng = random.Random(seed)
    world = case.world
    for name, rows in (("train", world.train), ("test", world.test)):
        write_json_lines(folder / f"{name}.jsonl", (row.to_json() for row in rows))
    spoken = {"base": babble, "tuned": case.answerer, "nearest": nearest}
    files = {model: folder / f"{model}.jsonl" for model in spoken}
    for model, answerer in spoken.items():
        said = zip(world.test, answerer(world, rng), strict=True)
        write_json_lines(files[model], (_completion(model, e, *one).to_json() for e, one in said))
    comparisons = _comparisons(folder, files)
    usability = measure_usability(
        UsabilityFiles(
            train=folder / "train.jsonl",
            test=folder / "test.jsonl",
            completions=files,
            signs=lambda model: folder / "signs" / f"{model}.jsonl",
        ),
        markers=MARKERS,
        comparisons=comparisons,
    )
    own = [one for one in comparisons if one.first == "base"]
    return usability, headline_of(overall_verdict(own), usability)


def _completion(model: str, example: Example, text: str, reason: str) -> Completion:
    return Completion(
        example_id=example.id, model=model, text=text, num_tokens=len(text), finish_reason=reason
    )


def _comparisons(folder: Path, files: Mapping[str, Path]) -> list[Comparison]:
    references = ReferenceFile(folder / "test.jsonl")
    paths = {metric: folder / "grades" / f"{metric}.jsonl" for metric in METRICS}
    for metric, path in paths.items():
        grades = (
            grade.to_json()
            for model, file in files.items()
            for grade in grade_completions(_read(file), references, metric=metric, model=model)
        )
        write_json_lines(path, grades)
    return [Comparison.from_json(one) for one in score_files(paths)["comparisons"]]


def _read(file: Path) -> Iterable[Completion]:
    return (Completion(**record) for record in read_json_lines(file))


def drawn_case(number: int, known: Mapping[str, World]) -> Case:
    """A run whose answers are right, wrong or broken in shares drawn at random."""
    rng = random.Random(number)
    bad = rng.choice(
        [shuffled, babble, each(run_on), each(lambda e: looping(e.reference)), nearest]
    )
    name = rng.choice(sorted(known))
    share = rng.choice([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])
    return Case(name=name, world=known[name], answerer=mostly(share, bad), truth=YES)


def is_kept(usability: Usability, headline: Headline) -> bool:
    """Law 21: no "Better" above what cannot be used, nor where a look-up does as well."""
    is_praised = headline.title.startswith("Better")
    return not is_praised or (usability.models["tuned"].outcome != NO and not usability.as_good)


def main() -> None:
    """Look at all runs and print what was said of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tuned", type=Path, default=Path("bench-usable"), help="for the tunings")
    options = parser.parse_args()
    known = worlds()
    cases = simulated_cases(known) + tuned_cases(options.tuned)
    told, broken = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            usability, headline = look(case, Path(folder) / str(number), seed=number)
            said = usability.models["tuned"]
            broken += not is_kept(usability, headline)
            told.append({"run": case.name, "truth": case.truth, "said": said.outcome})
            told[-1] |= {"headline": headline.title, "why": said.sentence}
        drawn = [look(drawn_case(n, known), Path(folder) / f"d{n}", seed=n) for n in range(100)]
    agree = sum(one["truth"] == one["said"] for one in told)
    false = sum(one["said"] == YES != one["truth"] for one in told)
    kept = sum(is_kept(*one) for one in drawn)
    print(json.dumps({"runs": told}, indent=1))
    summary = {"runs": len(told), "agree": agree, "false usable": false}
    print(json.dumps({**summary, "better above unusable": broken + len(drawn) - kept}))


if __name__ == "__main__":
    main()
