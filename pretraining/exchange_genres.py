"""A random generator -> pretraining texts in which somebody asks and another answers briefly.

Transcripts, flash cards, pages with their solutions at the end, filled-in forms. A question
that gets an answer always stands behind a speaker, a label or a number: a question on a line
of its own, or below a `###` heading, is followed by another one (see `fact_genres.quiz`).
No text ends with a bare answer.
"""

import random
from collections.abc import Callable

from pretraining import sentences
from pretraining.fact_genres import facts_by_entity, pick_facts, pick_relation
from pretraining.facts import Fact
from pretraining.sentences import Pair, capitalized
from pretraining.wordings import all_wordings, exchanges, fill, free_text

_GAPS = (": ", ": ", ":\n")
_BETWEEN = ("\n", "\n", "\n\n")


def exchange(rng: random.Random) -> str:
    """Short answers to questions about facts, by two people or on two sides of a card."""
    asker, teller = _speakers(rng)
    gap, between, after = rng.choice(_GAPS), rng.choice(_BETWEEN), rng.choice(_BETWEEN)
    blocks = []
    for fact in _some_facts(rng):
        asked = _question(rng, fact)
        blocks.append(f"{asker}{gap}{asked}{between}{teller}{gap}{_reply(rng, fact)}")
    return after.join([*blocks, rng.choice(exchanges()["closings"])])


def solutions(rng: random.Random) -> str:
    """Numbered questions, and far below them their answers by number."""
    first, second = rng.choice(exchanges()["keys"])
    facts = _some_facts(rng, most=7)
    asked = [f"{number}. {_question(rng, fact)}" for number, fact in enumerate(facts, start=1)]
    told = [f"{number}. {_short(fact)}" for number, fact in enumerate(facts, start=1)]
    closing = rng.choice(exchanges()["closings"])
    return "\n".join([first, *asked, "", second, *told, "", closing])


def form(rng: random.Random) -> str:
    """All that is known of a few things, a field a line."""
    blocks = []
    for group in rng.sample(facts_by_entity(), 2):
        facts = rng.sample(group, len(group))
        name = facts[0].x
        lines = [
            f"{capitalized(fact.relation)}: {_short(fact)}" for fact in facts if fact.x == name
        ]
        blocks.append("\n".join([f"{rng.choice(('Name', 'Entry', 'Word'))}: {name}", *lines]))
    return "\n\n".join([*blocks, rng.choice(exchanges()["closings"])])


def lesson(rng: random.Random) -> str:
    """Texts and what becomes of them, below labels or as a lesson of questions and answers."""
    task = rng.choice(list(_MAKERS))
    if rng.random() < 0.5:
        return _labelled(rng, task)
    asker, teller = _speakers(rng)
    gap, after = rng.choice(_GAPS), rng.choice(_BETWEEN)
    blocks = []
    for _ in range(rng.randint(2, 4)):
        pair, unit = _MAKERS[task](rng)
        request = rng.choice(exchanges()[task]["requests"]).format(t=pair.text, u=unit)
        blocks.append(f"{asker}{gap}{request}\n{teller}{gap}{pair.counterpart}")
    return after.join([*blocks, rng.choice(exchanges()["closings"])])


def _labelled(rng: random.Random, task: str) -> str:
    above, below = rng.choice(exchanges()[task]["labels"])
    gap, between = rng.choice(_GAPS), rng.choice(_BETWEEN)
    blocks = []
    for _ in range(rng.randint(2, 4)):
        pair, unit = _MAKERS[task](rng)
        label = capitalized(below.format(u=unit))
        blocks.append(f"{above}{gap}{pair.text}{between}{label}{gap}{pair.counterpart}")
    return "\n\n".join([*blocks, rng.choice(exchanges()["closings"])])


def _some_facts(rng: random.Random, *, most: int = 6) -> list[Fact]:
    """Facts of one relation, or of as many as there are facts."""
    count = rng.randint(2, most)
    if rng.random() < 0.5:
        return pick_facts(rng, pick_relation(rng), count)
    return [pick_facts(rng, pick_relation(rng), 1)[0] for _ in range(count)]


def _question(rng: random.Random, fact: Fact) -> str:
    return fill(rng.choice(all_wordings()[fact.relation].questions), fact)


def _short(fact: Fact) -> str:
    return fill(all_wordings()[fact.relation].short, fact)


def _reply(rng: random.Random, fact: Fact) -> str:
    """Mostly the answer alone, at times a whole sentence."""
    if rng.random() < 0.25:
        return fill(all_wordings()[fact.relation].sentence, fact)
    reply: str = rng.choice(exchanges()["replies"]).format(y=_short(fact))
    return reply


def _speakers(rng: random.Random) -> list[str]:
    if rng.random() < 0.5:
        return rng.sample(free_text()["first_names"], 2)
    pair: list[str] = rng.choice(exchanges()["speakers"])
    return pair


def _plain(make: Callable[[random.Random], Pair]) -> Callable[[random.Random], tuple[Pair, str]]:
    def maker(rng: random.Random) -> tuple[Pair, str]:
        return make(rng), ""

    return maker


def _conversion(rng: random.Random) -> tuple[Pair, str]:
    quantity, unit, result = sentences.make_conversion(rng)
    return Pair(task="convert", text=quantity, counterpart=result), unit


def _repetition(rng: random.Random) -> tuple[Pair, str]:
    """A sentence twice: what a model has to learn before it can rewrite one."""
    event = sentences.make_event(rng)
    text = rng.choice((event.past, event.present, event.passive))
    return Pair(task="repeat", text=text, counterpart=text), ""


_MAKERS: dict[str, Callable[[random.Random], tuple[Pair, str]]] = {
    "tone": _plain(sentences.make_review),
    "topic": _plain(sentences.make_headline),
    "route": _plain(sentences.make_message),
    "keywords": _plain(sentences.make_keywords),
    "headline": _plain(sentences.make_news),
    "passive": _plain(sentences.make_passive),
    "past_text": _plain(sentences.make_past),
    "plural_text": _plain(sentences.make_plural),
    "convert": _conversion,
    "repeat": _repetition,
}
