"""A seed -> the instruction set: training pairs, and a test about what no pair mentions.

Test rows ask about held-out entities (or rewrite held-out inputs), in wordings that training
pairs use (`wording:seen`) and in wordings that they never use (`wording:unseen`). Written by
`write_material` to `material/train.jsonl` and `material/test.jsonl`.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from pretraining.company import write_company
from pretraining.facts import Fact, all_facts, read_yaml_table
from pretraining.held_out import held_out_names, mentions_held_out
from pretraining.text_instructions import text_pairs
from pretraining.wordings import Wording, all_wordings, fill, text_tasks
from tunesmith.files import write_json_lines

MATERIAL = Path(__file__).resolve().parents[1] / "tunesmith" / "starter" / "material"
SEED = 20
Side = Literal["train", "test"]
# Training pairs of each relation, before those that mention a held-out name are left out.
FACT_COUNTS = {
    "capital": 76, "country": 54, "currency": 64, "continent": 46, "symbol": 50, "element": 42,
    "number": 36, "plural": 54, "class": 36, "young": 26, "sound": 26, "past": 54,
    "opposite": 78, "synonym": 64, "unit": 32, "sum": 46, "after": 36, "price": 31,
}  # fmt: skip
_SEEN_SHORT, _UNSEEN_SHORT, _SEEN_SENTENCE, _UNSEEN_SENTENCE = 5, 4, 1, 1
_SENTENCE_SHARE = 0.25
_SHOWN_FIRST = ("capital", "opposite", "tone", "passive", "company")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One instruction and the response wanted."""

    instruction: str
    response: str
    input: str = ""
    tags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it, to look for names in."""
        return "\n".join((self.instruction, self.input, self.response))

    def to_json(self) -> dict[str, Any]:
        """The row as it is written."""
        return {
            "instruction": self.instruction,
            "input": self.input,
            "response": self.response,
            "tags": list(self.tags),
        }


def train_pairs(seed: int = SEED) -> tuple[Pair, ...]:
    """The pairs to tune on; none mentions a held-out name or uses an unseen wording."""
    rng = random.Random(f"train {seed}")
    pairs = [pair for relation in FACT_COUNTS for pair in _train_facts(rng, relation)]
    pairs += _policies("train")
    pairs += [Pair(**record) for record in text_pairs(rng, "train")]
    kept = _distinct(pair for pair in pairs if not mentions_held_out(pair.text))
    rng.shuffle(kept)
    return tuple(kept)


def pairs_for_test(seed: int = SEED) -> tuple[Pair, ...]:
    """The pairs to test on."""
    rng = random.Random(f"test {seed}")
    pairs = [pair for relation in FACT_COUNTS for pair in _test_facts(rng, relation)]
    pairs += _policies("test")
    pairs += [Pair(**record) for record in text_pairs(rng, "test")]
    return tuple(_by_turns(_distinct(pairs)))


def write_material(folder: Path = MATERIAL, *, seed: int = SEED) -> None:
    """Write the training pairs, the test and the company's own material."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json_lines(folder / "train.jsonl", (pair.to_json() for pair in train_pairs(seed)))
    write_json_lines(folder / "test.jsonl", (pair.to_json() for pair in pairs_for_test(seed)))
    write_company(folder / "company")


def _train_facts(rng: random.Random, relation: str) -> Iterator[Pair]:
    wording = all_wordings()[relation]
    known = [f for f in all_facts()[relation] if not _is_held_out(f)]
    chosen = _repeated(rng, known, FACT_COUNTS[relation])
    for number, fact in enumerate(chosen):
        question = wording.seen[number % len(wording.seen)]
        as_sentence = rng.random() < _SENTENCE_SHARE
        suffix = rng.choice(text_tasks()["sentence"]["seen"]) if as_sentence else None
        yield _fact_pair(fact, wording, question=question, suffix=suffix)


def _test_facts(rng: random.Random, relation: str) -> Iterator[Pair]:
    wording = all_wordings()[relation]
    hidden = [f for f in all_facts()[relation] if _is_held_out(f)]
    suffixes = text_tasks()["sentence"]
    plan = (
        (_SEEN_SHORT, wording.seen, None, "seen"),
        (_UNSEEN_SHORT, wording.unseen, None, "unseen"),
        (_SEEN_SENTENCE, wording.seen, suffixes["seen"], "seen"),
        (_UNSEEN_SENTENCE, wording.unseen, suffixes["unseen"], "unseen"),
    )
    facts = iter(_repeated(rng, hidden, sum(count for count, *_ in plan)))
    for count, questions, endings, kind in plan:
        for number in range(count):
            question = questions[number % len(questions)]
            suffix = rng.choice(endings) if endings else None
            pair = _fact_pair(next(facts), wording, question=question, suffix=suffix)
            yield _tagged(pair, f"wording:{kind}", "held-out")


def _fact_pair(fact: Fact, wording: Wording, *, question: str, suffix: str | None) -> Pair:
    asked = fill(question, fact)
    answer = fill(wording.short, fact)
    form = "sentence" if suffix else "short"
    if suffix:
        asked, answer = suffix.format(q=asked), fill(wording.sentence, fact)
    direction = "writes" if suffix else "reads"
    tags = (f"task:{fact.relation}", direction, f"form:{form}")
    return Pair(instruction=asked, response=answer, tags=tags)


def _policies(side: Side) -> Iterator[Pair]:
    """The shop's own questions: the test asks the same facts in other words."""
    for policy in read_yaml_table("policies").values():
        questions = policy["seen"] if side == "train" else policy["unseen"][:1]
        for number, question in enumerate(questions):
            is_sentence = number == 2
            answer = policy["sentence" if is_sentence else "answer"]
            suffix = text_tasks()["sentence"]["seen"][0] if is_sentence else "{q}"
            form, direction = ("sentence", "writes") if is_sentence else ("short", "reads")
            tags = ("task:company", direction, f"form:{form}")
            pair = Pair(instruction=suffix.format(q=question), response=answer, tags=tags)
            yield _tagged(pair, "wording:unseen") if side == "test" else pair


def _is_held_out(fact: Fact) -> bool:
    return any(name in held_out_names() for name in fact.entity)


def _repeated(rng: random.Random, facts: Sequence[Fact], count: int) -> list[Fact]:
    """`count` facts: each once before any comes again."""
    chosen: list[Fact] = []
    while len(chosen) < count:
        chosen += rng.sample(facts, len(facts))
    return chosen[:count]


def _by_turns(pairs: Sequence[Pair]) -> list[Pair]:
    """One row of each task, then the next of each; whoever reads the first rows sees many."""
    rows: dict[str, list[Pair]] = {f"task:{task}": [] for task in _SHOWN_FIRST}
    for pair in pairs:
        rows.setdefault(pair.tags[0], []).append(pair)
    return [pair for turn in zip_longest(*rows.values()) for pair in turn if pair is not None]


def _tagged(pair: Pair, *tags: str) -> Pair:
    return Pair(
        instruction=pair.instruction,
        input=pair.input,
        response=pair.response,
        tags=(*pair.tags, *tags),
    )


def _distinct(pairs: Iterable[Pair]) -> list[Pair]:
    """Without a second pair for the same instruction and input."""
    found: dict[tuple[str, str], Pair] = {}
    for pair in pairs:
        found.setdefault((pair.instruction, pair.input), pair)
    return list(found.values())
