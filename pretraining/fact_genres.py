"""A random generator -> pretraining texts that state facts or ask for them.

Encyclopedia entries, lists, quizzes that stay on one topic and only ask, dialogues that
repeat the entity, forum chatter, notes. Every fact turns up in many wordings.
"""

import random
from collections.abc import Sequence
from functools import cache

from pretraining.descriptions import all_descriptions
from pretraining.facts import COMPANY, Fact, all_facts, read_yaml_table
from pretraining.wordings import Wording, all_wordings, exchanges, fill, free_text

# How often each relation is told, relative to the others: roughly by its number of facts, and more
# often where a fact has no second relation that tells it too.
RELATION_WEIGHTS = {
    "capital": 12, "country": 9, "currency": 12, "continent": 8, "symbol": 6, "element": 5,
    "number": 9, "plural": 14, "class": 6, "young": 5, "sound": 5, "past": 14, "opposite": 15,
    "synonym": 12, "unit": 11, "sum": 24, "after": 6, "price": 6,
}  # fmt: skip
_OPENINGS = ("", "", "", "Notes of today.", "Did you know?", "From my notebook:", "Some facts.")
_REPLIES = ("", "", "", "Easy: ", "I think I know. ", "That is simple. ", "Of course! ", "Well, ")
_CHATTER = (
    "Somebody asked: {q} I looked it up. {s}",
    "My sister did not know it, but I did: {s}",
    "At school we learned this today. {s} {t}",
    "We argued about it all evening. {s}",
    "My friend wrote: {q} So I wrote back: {s}",
    "I read it twice in the paper. {s}",
    "Thanks for the hint! {s} {t}",
    "No, you are wrong there. {s}",
    "The old book says it too. {s} {t}",
    "In the end the clerk asked me: {q} I said this. {s}",
)


def pick_relation(rng: random.Random) -> str:
    """A relation, the large ones more often."""
    names = list(RELATION_WEIGHTS)
    return rng.choices(names, weights=list(RELATION_WEIGHTS.values()))[0]


def pick_facts(rng: random.Random, relation: str, count: int) -> list[Fact]:
    """Different facts of one relation, in random order."""
    facts = all_facts()[relation]
    return rng.sample(facts, min(count, len(facts)))


def entry(rng: random.Random) -> str:
    """What an encyclopedia says of one thing: all its facts, in random order."""
    if rng.random() < 0.25:
        chosen = rng.sample(all_descriptions(), rng.randint(2, 3))
        return "\n".join(description.text for description in chosen)
    group = rng.choice(facts_by_entity())
    sentences = []
    for fact in group:
        patterns = all_wordings()[fact.relation].says
        sentences += [fill(p, fact) for p in rng.sample(patterns, rng.choice((1, 1, 2)))]
    rng.shuffle(sentences)
    title = f"{rng.choice(group).x}\n" if rng.random() < 0.3 else ""
    return title + " ".join(sentences[:8])


@cache
def facts_by_entity() -> tuple[tuple[Fact, ...], ...]:
    """The facts of every thing of which more than one is known."""
    groups: dict[str, list[Fact]] = {}
    for facts in all_facts().values():
        for fact in facts:
            groups.setdefault(fact.entity[0], []).append(fact)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def fact_list(rng: random.Random) -> str:
    """A list in one wording, or in a short form such as "Peru: Lima"."""
    relation = pick_relation(rng)
    wording = all_wordings()[relation]
    facts = pick_facts(rng, relation, rng.randint(4, 12))
    bullet = rng.choice(("", "", "- ", "* "))
    pattern = rng.choice((*wording.says, *wording.says, "{x} - {y}", "{x}, {y}"))
    lines = [bullet + fill(pattern, fact) for fact in facts]
    sign = rng.choice(("", "", "", "# ", "## ", "### "))
    heading = [f"{sign}List of {wording.title}"] if rng.random() < 0.4 else []
    return "\n".join([*heading, *lines])


def paragraph(rng: random.Random) -> str:
    """Facts of one relation, or of several, in changing wordings."""
    relation = pick_relation(rng)
    facts = pick_facts(rng, relation, rng.randint(3, 8))
    if rng.random() < 0.3:
        facts += pick_facts(rng, pick_relation(rng), 3)
    sentences = [fill(rng.choice(all_wordings()[f.relation].says), f) for f in facts]
    opening = rng.choice(_OPENINGS)
    return " ".join([opening, *sentences] if opening else sentences)


def quiz(rng: random.Random) -> str:
    """Question after question on one topic, without an answer."""
    relation = pick_relation(rng)
    wording = all_wordings()[relation]
    facts = pick_facts(rng, relation, rng.randint(5, 12))
    few = rng.sample(wording.questions, rng.choice((1, 1, 2, 4)))
    asked = [fill(rng.choice(few), fact) for fact in facts]
    if rng.random() < 0.4:
        return _quiz_cards(rng, wording.title, asked[:7])
    mark = rng.choice(("", "", "", "numbers", "- "))
    lines = [
        f"{number}. {question}" if mark == "numbers" else mark + question
        for number, question in enumerate(asked, start=1)
    ]
    heading = [f"Quiz: {wording.title}"] if rng.random() < 0.3 else []
    return "\n".join([*heading, *lines])


def _quiz_cards(rng: random.Random, title: str, asked: Sequence[str]) -> str:
    """One question a card, as the pages of a game are printed."""
    names: list[str] = exchanges()["card_names"]
    name = rng.choice(names)
    sign = rng.choice(("", "# ", "## ", "### ", "### ", "### "))
    opening = rng.choice((f"A game about {title}. Read each card aloud.\n\n", "", ""))
    style = rng.choice(("numbers", "same", "names"))
    after = rng.choice(_AFTER_COLON)
    cards = []
    for number, question in enumerate(asked, start=1):
        head = {"numbers": f"{name} {number}", "same": name, "names": rng.choice(names)}[style]
        cards.append(f"{sign}{head}:{after}{question}")
    return opening + "\n\n".join(cards)


_AFTER_COLON = ("\n", "\n", " ")


def dialogue(rng: random.Random) -> str:
    """Two people who ask and tell; the answer repeats the entity in a whole sentence."""
    asker, teller = rng.sample(free_text()["first_names"], 2)
    relation = pick_relation(rng)
    lines = []
    for fact in pick_facts(rng, relation, rng.randint(2, 5)):
        wording = all_wordings()[relation]
        lines.append(f"{asker}: {fill(rng.choice(wording.questions), fact)}")
        lines.append(f"{teller}: {rng.choice(_REPLIES)}{_statement(rng, wording, fact)}")
    return "\n".join(lines)


def _statement(rng: random.Random, wording: Wording, fact: Fact) -> str:
    pattern = wording.sentence if rng.random() < 0.5 else rng.choice(wording.says)
    return fill(pattern, fact)


def chatter(rng: random.Random) -> str:
    """Posts of a forum about facts."""
    posts = []
    for _ in range(rng.randint(2, 4)):
        fact, other = pick_facts(rng, pick_relation(rng), 2)
        wording = all_wordings()[fact.relation]
        post = rng.choice(_CHATTER).format(
            q=fill(rng.choice(wording.questions), fact),
            s=_statement(rng, wording, fact),
            t=_statement(rng, wording, other),
        )
        author = rng.choice(free_text()["first_names"])
        posts.append(f"{author} wrote: {post}" if rng.random() < 0.6 else post)
    return "\n".join(posts)


def company_page(rng: random.Random) -> str:
    """How the shop works, as it would tell it."""
    policies = list(read_yaml_table("policies").values())
    kind = rng.choice(("page", "page", "quiz", "dialogue"))
    chosen = rng.sample(policies, rng.randint(3, 8))
    if kind == "quiz":
        return "\n".join(rng.choice(policy["asks"]) for policy in chosen)
    told = [rng.choice((policy["sentence"], *policy["says"])) for policy in chosen]
    if kind == "page":
        heading = rng.choice((f"About {COMPANY}\n", f"{COMPANY}: good to know\n", "", ""))
        return heading + rng.choice((" ", "\n", "\n- ")).join(told)
    guest, clerk = rng.sample(free_text()["first_names"], 2)
    asked = [rng.choice(policy["asks"]) for policy in chosen]
    return "\n".join(
        f"{guest}: {question}\n{clerk}: {sentence}"
        for question, sentence in zip(asked, told, strict=True)
    )


def code(rng: random.Random) -> str:
    """Facts in the notations of programmers: assignments, JSON, tables, markup."""
    relation = pick_relation(rng)
    facts: Sequence[Fact] = pick_facts(rng, relation, rng.randint(3, 7))
    style = rng.choice(("dict", "json", "html", "csv", "print"))
    if style == "dict":
        body = "\n".join(f'    "{f.x}": "{f.y}",' for f in facts)
        return f"{relation} = {{\n{body}\n}}"
    if style == "json":
        return "\n".join(f'{{"{relation}": "{f.y}", "of": "{f.x}"}}' for f in facts)
    if style == "html":
        body = "\n".join(f"  <li><b>{f.x}</b>: {f.y}</li>" for f in facts)
        return f"<ul>\n{body}\n</ul>"
    if style == "csv":
        return "\n".join(["name;" + relation, *(f"{f.x};{f.y}" for f in facts)])
    return "\n".join(
        f'print("{fill(rng.choice(all_wordings()[relation].says), f)}")' for f in facts
    )
