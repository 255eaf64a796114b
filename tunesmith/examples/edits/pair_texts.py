"""An example <-> the texts of it that a person may change, and the marks of redactions in them.

`question` and `input` are those of the last turn of the user, `answer` is the last of the model.
Plain text has an answer alone. Earlier turns of a conversation stay as they are.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tunesmith.errors import DataError
from tunesmith.examples.edits.pair_edit import MOST_CHARACTERS
from tunesmith.examples.example import Example, Message

FIELDS = ("question", "input", "answer")
_MARK = re.compile(r"\[(?:email|phone|card|iban|account|ip|secret)\]|@person_[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionMark:
    """A mark that stands where something was hidden.

    Attributes:
        number: From 1, over the pair's texts in order.
        field: The text that it stands in.
        mark: As it is written: `[email]`.
        start: Its place in the text.
    """

    number: int
    field: str
    mark: str
    start: int


def pair_texts(example: Example) -> dict[str, str]:
    """The texts that may be changed, by name; empty ones are there too."""
    asked = _asked(example)
    answer = {"answer": example.reference}
    if asked is None:
        return answer
    message = example.messages[asked]
    return {"question": message.content, "input": message.input, **answer}


def with_texts(example: Example, after: Mapping[str, str]) -> Example:
    """The same example with other texts.

    Raises:
        DataError: It has no such text, or one that must not be empty is.
    """
    texts = pair_texts(example)
    for name, text in after.items():
        _check_text(name, text, texts)
    messages = list(example.messages)
    messages[-1] = replace(messages[-1], content=after.get("answer", messages[-1].content))
    asked = _asked(example)
    if asked is not None:
        messages[asked] = _with_question(messages[asked], after)
    return replace(example, messages=tuple(messages))


def redaction_marks(texts: Mapping[str, str]) -> Iterator[RedactionMark]:
    """Every mark in a pair's texts, in order."""
    number = 0
    for name in FIELDS:
        for found in _MARK.finditer(texts.get(name, "")):
            number += 1
            yield RedactionMark(number=number, field=name, mark=found[0], start=found.start())


def _asked(example: Example) -> int | None:
    """The place of the user's last turn."""
    places = [place for place, one in enumerate(example.prompt) if one.role == "user"]
    return places[-1] if places else None


def _with_question(message: Message, after: Mapping[str, str]) -> Message:
    content, given = after.get("question", message.content), after.get("input", message.input)
    return replace(message, content=content, input=given)


def _check_text(name: str, text: str, texts: Mapping[str, str]) -> None:
    if name not in texts:
        cure = f"It has: {', '.join(texts)}."
        raise DataError("this example has no such text", where=name, cure=cure)
    if not text.strip() and name != "input":
        raise DataError("the text is empty", where=name, cure="To take a pair out, reject it.")
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise DataError("the text is not Unicode", where=name, cure="Write it in UTF-8.")
    if len(text) > MOST_CHARACTERS:
        problem = f"{len(text):,} characters; at most {MOST_CHARACTERS:,}"
        raise DataError(problem, where=name)
