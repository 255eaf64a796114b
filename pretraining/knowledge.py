"""A model of the starter's kind -> what it knows without being tuned, and how it goes on.

Measured on plain text, without any template: facts as the beginnings of statements, and bare
questions, which a model that only continues text answers with another question.
"""

import random
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pretraining.facts import Fact, all_facts
from pretraining.wordings import all_wordings, fill
from tunesmith.generation.generate import Prompt, generate
from tunesmith.generation.responder import Responder

Kind = Literal["another question", "an answer", "more text"]
_AT_ONCE = 32
_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """How a model went on from a bare question, and what kind of text that is."""

    question: str
    text: str
    kind: Kind


def facts_completed(responder: Responder, *, facts_per_relation: int) -> dict[str, float]:
    """Share of facts, in per cent by relation, that a model completes as a plain statement.

    Args:
        responder: The model; its template is not used.
        facts_per_relation: At most, drawn by chance, the same each time.

    Returns:
        A share a relation, and `all`, their mean.
    """
    shares = {}
    for relation, facts in all_facts().items():
        chosen = random.Random(0).sample(facts, min(facts_per_relation, len(facts)))
        starts = [(statement_start(fact), fact.y) for fact in chosen]
        usable = [(start, wanted) for start, wanted in starts if start]
        texts = _continued(responder, [start for start, _ in usable])
        hits = [
            _WORD.findall(text)[: len(_WORD.findall(wanted))] == _WORD.findall(wanted)
            for text, (_, wanted) in zip(texts, usable, strict=True)
        ]
        shares[relation] = 100 * statistics.mean(hits)
    return {**shares, "all": statistics.mean(shares.values())}


def statement_start(fact: Fact) -> str:
    """The statement of a fact up to what it says; empty where it begins with that."""
    return fill(_statement(fact.relation), fact).rpartition(fact.y)[0].rstrip()


def _statement(relation: str) -> str:
    """A pattern that says all before it comes to the answer: "A year has" begins many facts."""
    wording = all_wordings()[relation]
    patterns = (wording.sentence, *wording.says)
    return next((p for p in patterns if p.rstrip(".").endswith("{y}")), wording.sentence)


def bare_questions(responder: Responder, *, num_questions: int) -> list[Continuation]:
    """Let a model go on from questions about facts, as they stand in running text."""
    rng = random.Random(0)
    facts = [fact for group in all_facts().values() for fact in group]
    chosen = rng.sample(facts, num_questions)
    asked = [fill(rng.choice(all_wordings()[fact.relation].seen), fact) for fact in chosen]
    texts = _continued(responder, asked)
    return [
        Continuation(question=question, text=text.strip(), kind=_kind(text, fact))
        for question, text, fact in zip(asked, texts, chosen, strict=True)
    ]


def _continued(responder: Responder, starts: Sequence[str]) -> list[str]:
    """What follows each text; prompts of one length share a batch anyway."""
    prompts = [Prompt(ids=responder.tokenizer.hf(text).input_ids, key=text) for text in starts]
    written = [
        continuation
        for first in range(0, len(prompts), _AT_ONCE)
        for continuation in generate(
            responder.model,
            prompts[first : first + _AT_ONCE],
            recipe=responder.recipe,
            stop_ids=responder.stop_ids,
        )
    ]
    return [responder.tokenizer.decode(one.ids) for one in written]


def _kind(text: str, fact: Fact) -> Kind:
    """A question as the corpus asks them, else an answer if the fact stands in the first line."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = re.sub(r"^\W*(?:\d+\W+)?", "", lines[0]) if lines else ""
    if "?" in first or _asks(first):
        return "another question"
    is_told = re.search(rf"(?<!\w){re.escape(fact.y)}(?!\w)", first) is not None
    return "an answer" if is_told else "more text"


def _asks(line: str) -> bool:
    return any(line.startswith(opening) for opening in _openings())


@cache
def _openings() -> tuple[str, ...]:
    """How requests of the corpus begin that end without a question mark ("Name the ...")."""
    found = set()
    for wording in all_wordings().values():
        for pattern in (*wording.questions, *wording.seen):
            opening = pattern.partition("{")[0]
            if "?" not in pattern and len(opening.split()) >= 2:
                found.add(opening)
    return tuple(sorted(found))
