"""A random generator -> pretraining texts that show tones, topics, forms and quantities.

Reviews, headlines, news, routing notes, indexes of words, sentences turned into the passive
or the past, conversions.
"""

import random

from pretraining import sentences
from pretraining.facts import COMPANY, read_yaml_table
from pretraining.sentences import Pair, capitalized
from pretraining.wordings import free_text

_TONE_NOTES = {
    "positive": (
        "A positive review.", "The customer is happy.", "Five stars.", "The tone is positive.",
        "Praise, in short.", "This voice is positive.",
    ),
    "negative": (
        "A negative review.", "The customer is angry.", "One star.", "The tone is negative.",
        "A complaint, in short.", "This voice is negative.",
    ),
}  # fmt: skip
_TOPIC_NOTES = (
    "{h} ({t})",
    "{t}: {h}",
    "In the {t} pages: {h}",
    "{h} - more under {t}",
    "Filed under {t}: {h}",
    'The headline "{h}" belongs to {t}.',
)
_ROUTE_NOTES = (
    'A customer wrote: "{m}" The message went to {d}.',
    '"{m}" This is a matter for {d}.',
    '{d}: "{m}"',
    "{m} -> {d}",
    "Please forward to {d}: {m}",
    'The team of {d} answered the note "{m}"',
    'Who takes care of this? "{m}" It is the department called {d}.',
)
_PASSIVE_LINKS = (
    "{a} In other words: {p}",
    "{p} In other words: {a}",
    "{a} So {lp}",
    "Active: {a} Passive: {p}",
    "{a} ({p})",
    "{a}\n{p}",
    "{p}\n{a}",
    'The sentence "{a}" becomes "{p}" in the passive.',
)
_PAST_LINKS = (
    "{a} Yesterday it was the same: {lp}",
    "Today: {a} Yesterday: {p}",
    "{a}\n{p}",
    "{p} And now? {a}",
    "Present: {a} Past: {p}",
    'The sentence "{a}" becomes "{p}" in the past tense.',
)
_PLURAL_LINKS = (
    "One says {a}, or {p} if there are more.",
    "{a}: {p}",
    "First there was {a}. Later there were {p}.",
    "Not only {a}, but all of {p}.",
    "I saw {a}, you saw {p}.",
)
_CONVERSION_LINKS = (
    "{q} are {r}.",
    "{q} = {r}",
    "{q} make {r}.",
    "If you have {q}, you have {r}.",
    "{q}, that is {r}.",
    "{q} in {u}: {r}.",
    "Given in {u}, {q} are {r}.",
    "The value of {q} is {r}.",
)
_KEYWORD_LINKS = (
    "{t} Keywords: {k}.",
    "{t}\nKeywords: {k}",
    "Index of words: {k}. Text: {t}",
    "{t} The main words are {k}.",
    "{t} It is about these things: {k}.",
    "{t}\n{k}",
)


def reviews(rng: random.Random) -> str:
    """Reviews, mostly with a word on their tone; some pages hold one tone only."""
    wanted = rng.choice(("positive", "negative", None, None))
    lines: list[str] = []
    while len(lines) < 5:
        review = sentences.make_review(rng)
        if wanted in (None, review.counterpart):
            note = rng.choice(_TONE_NOTES[review.counterpart]) if rng.random() < 0.7 else ""
            parts = [review.text, note] if rng.random() < 0.6 else [note, review.text]
            lines.append(" ".join(part for part in parts if part))
    return "\n".join(lines)


def headlines(rng: random.Random) -> str:
    """The pages of a newspaper: headlines below their topic, or each with its topic."""
    if rng.random() < 0.4:
        topic = rng.choice(sorted(free_text()["topics"]))
        chosen = rng.sample(free_text()["topics"][topic], 5)
        return "\n".join([capitalized(topic), *(capitalized(text) for text in chosen)])
    note = rng.choice(_TOPIC_NOTES)
    pairs = [sentences.make_headline(rng) for _ in range(5)]
    return "\n".join(capitalized(note.format(h=p.text, t=p.counterpart)) for p in pairs)


def routing(rng: random.Random) -> str:
    """Notes on which department a message went to, and what the departments do."""
    departments = read_yaml_table("departments")
    lines = []
    for _ in range(rng.randint(3, 5)):
        message = sentences.make_message(rng)
        note = rng.choice(_ROUTE_NOTES)
        lines.append(capitalized(note.format(m=message.text, d=message.counterpart)))
    if rng.random() < 0.3:
        name = rng.choice(sorted(departments))
        record = departments[name]
        lines.append(f"At {COMPANY}, {name} sees to {record['task']}; {record['lead']} leads it.")
    rng.shuffle(lines)
    return "\n".join(lines)


def rewritings(rng: random.Random) -> str:
    """Sentences with their passive, their past or their plural."""
    make, links = rng.choice(
        (
            (sentences.make_passive, _PASSIVE_LINKS),
            (sentences.make_passive, _PASSIVE_LINKS),
            (sentences.make_past, _PAST_LINKS),
            (sentences.make_plural, _PLURAL_LINKS),
        )
    )
    link = rng.choice(links)
    return "\n".join(_linked(link, make(rng)) for _ in range(rng.randint(2, 5)))


def _linked(link: str, pair: Pair) -> str:
    lowered = pair.counterpart[:1].lower() + pair.counterpart[1:]
    return capitalized(link.format(a=pair.text, p=pair.counterpart, lp=lowered))


def keywords(rng: random.Random) -> str:
    """Sentences, each with an index of its nouns."""
    link = rng.choice(_KEYWORD_LINKS)
    pairs = [sentences.make_keywords(rng) for _ in range(rng.randint(2, 4))]
    return "\n".join(link.format(t=p.text, k=p.counterpart) for p in pairs)


def news(rng: random.Random) -> str:
    """Reports, each below its headline or before it."""
    blocks = []
    for _ in range(rng.randint(1, 3)):
        pair = sentences.make_news(rng)
        layout = rng.choice(("{h}\n{t}", "{h}\n\n{t}", "{t} Headline: {h}", "{t}\n{h}"))
        blocks.append(layout.format(h=pair.counterpart, t=pair.text))
    return "\n\n".join(blocks)


def conversions(rng: random.Random) -> str:
    """Quantities in two units."""
    link = rng.choice(_CONVERSION_LINKS)
    lines = []
    for _ in range(rng.randint(3, 7)):
        quantity, unit, result = sentences.make_conversion(rng)
        lines.append(link.format(q=quantity, u=unit, r=result))
    return "\n".join(lines)
