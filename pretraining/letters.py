"""Names and things -> short letters: thanks, invitations, apologies, and what they are for."""

import random
from dataclasses import dataclass

from pretraining.sentences import nouns
from pretraining.wordings import free_text

_KINDS = ("thanks", "invitation", "apology")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BODIES = {
    "thanks": "thank you very much for the {thing}. It was very kind of you.",
    "invitation": (
        "I would like to invite you to the {place} on {day}. Please tell me if you can come."
    ),
    "apology": "I am very sorry that I lost your {thing}. I will buy you a new one.",
}
_LOOSE_BODIES = {
    "thanks": (
        "the {thing} is lovely, and I thank you for it. It was very kind of you.",
        "many thanks for the {thing}! I use it every day.",
        "how nice of you to send me the {thing}. Thank you very much.",
    ),
    "invitation": (
        "shall we meet in the {place} on {day}? Please tell me if you can come.",
        "on {day} we all go to the {place}, and you are invited.",
        "please join us on {day}. We will be in the {place}.",
    ),
    "apology": (
        "I have bad news: I lost your {thing}. I am very sorry and will buy you a new one.",
        "please forgive me. The {thing} that you lent me is lost.",
        "I am sorry about your {thing}. It fell into the water.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Who writes to whom, about what; the text is a function of these."""

    kind: str
    writer: str
    reader: str
    thing: str
    place: str
    day: str

    @property
    def text(self) -> str:
        """The letter as the training pairs write it."""
        return self.with_body(_BODIES[self.kind])

    def with_body(self, body: str) -> str:
        """The letter with another body; slots are filled."""
        told = body.format(thing=self.thing, place=self.place, day=self.day)
        return f"Dear {self.reader},\n\n{told}\n\nYours,\n{self.writer}"


def make_letter(rng: random.Random) -> Letter:
    """A letter between two people."""
    writer, reader = rng.sample(free_text()["first_names"], 2)
    return Letter(
        kind=rng.choice(_KINDS),
        writer=writer,
        reader=reader,
        thing=rng.choice(free_text()["gifts"]),
        place=rng.choice(nouns("place"))[0],
        day=rng.choice(_DAYS),
    )


def letter_page(rng: random.Random) -> str:
    """A letter of the corpus, often in looser words, sometimes with what it is about."""
    letter = make_letter(rng)
    text = letter.text
    if rng.random() < 0.5:
        text = letter.with_body(rng.choice(_LOOSE_BODIES[letter.kind]))
    if rng.random() < 0.5:
        return f"{_about(letter)} The letter:\n\n{text}"
    return text


def _about(letter: Letter) -> str:
    writer, reader, thing = letter.writer, letter.reader, letter.thing
    if letter.kind == "thanks":
        return f"{writer} wrote to {reader} to say thanks for the {thing}."
    if letter.kind == "apology":
        return f"{writer} said sorry to {reader} for losing the {thing}."
    return f"{writer} invited {reader} to the {letter.place} on {letter.day}."


def fixed_texts() -> tuple[str, ...]:
    """What every letter of its kind says."""
    return (*_BODIES.values(), *_DAYS, "Dear Yours")
