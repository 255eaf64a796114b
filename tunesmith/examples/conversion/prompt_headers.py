"""A question and answer that carry a template's headers already -> the same without them.

In a mixture one template is written around all rows; those that bring `### Question:` and
`### Answer:` along would be wrapped twice. Only headers at the start and end of a lone question,
or at the start of its answer, are taken off; where one stands elsewhere, the row stays as it is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tunesmith.examples.conversion.end_markers import END_MARKERS
from tunesmith.examples.example import Example, Message
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import RowError

_ALPACA = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request.\n\n### Instruction:"
)
# What a question that a template has written already begins with, and ends in; the longest first.
HEADERS = (
    (_ALPACA, "### Response:"),
    ("### Question:", "### Answer:"),
    ("### Instruction:", "### Response:"),
    ("### Instruction:", "### Output:"),
    ("### Instruction:", "### Assistant:"),
    ("### Human:", "### Assistant:"),
    ("### User:", "### Assistant:"),
    ("Human:", "Assistant:"),
    ("User:", "Assistant:"),
    ("USER:", "ASSISTANT:"),
    ("Question:", "Answer:"),
    ("Q:", "A:"),
    ("<s>[INST]", "[/INST]"),
    ("[INST]", "[/INST]"),
    ("<|im_start|>user", "<|im_start|>assistant"),
    ("<|user|>", "<|assistant|>"),
    ("<start_of_turn>user", "<start_of_turn>model"),
    ("<|start_header_id|>user<|end_header_id|>", "<|start_header_id|>assistant<|end_header_id|>"),
)
_OPENINGS = tuple({opening for opening, _ in HEADERS})
_BEFORE_ANSWER = re.compile(r"\A(?:(?:[ \t]*\r?\n)+| (?! ))")  # code keeps its indentation
_STOP = re.compile(
    r"(?:\n[ \t]*|[.!?…][\"')”»]*\s+|[。！？]\s*)\Z"
)  # after which words are a header
_OTHER_HEADER = re.compile(r"^[ \t]*#{2,}[ \t]?[^\n:]{1,40}:[ \t]*$", re.MULTILINE)


def header_names(headers: tuple[str, str]) -> str:
    """What a pair of headers is called in tags and notices."""
    opening, lead = headers
    return f"{opening.splitlines()[-1]} ... {lead}"


HEADER_NAMES = frozenset(map(header_names, HEADERS))


def shared_template(sources: Iterable[SourceRecipe], *, is_wrapping: bool) -> list[SourceRecipe]:
    """The sources of a mixture, which share one template, as they have to be read.

    Args:
        sources: Of a recipe; what one says of its headers itself stays.
        is_wrapping: Whether the template writes anything around a question; it may be unknown yet.
    """
    given = list(sources)
    if len(given) < 2 or not is_wrapping:
        return given
    return [
        one if one.keep_headers is not None else one.model_copy(update={"keep_headers": False})
        for one in given
    ]


def without_headers(
    messages: Sequence[Message],
) -> tuple[tuple[Message, ...], tuple[str, str] | None]:
    """Take the headers off a lone question and its answer; a system message may stand before.

    Returns:
        The messages, and the pair of headers; None where there is none, or one is in the midst.

    Raises:
        RowError: Nothing else was asked, or answered.
    """
    if len(messages) < 2 or not messages[-2].content.lstrip().startswith(_OPENINGS):
        return tuple(messages), None
    *before, asked, answered = messages
    roles = [message.role for message in messages]
    if roles[-2:] != ["user", "assistant"] or roles[:-2].count("system") < len(before):
        return tuple(messages), None
    for headers in () if asked.input else HEADERS:
        found = _bare(asked.content, answered.content, headers)
        if found is not None:
            question, answer = found
            bare = (replace(asked, content=question), replace(answered, content=answer))
            return (*before, *bare), headers
    return tuple(messages), None


def bears_headers(example: Example) -> bool:
    """Whether a template's headers stand around a row's question."""
    try:
        return without_headers(example.messages)[1] is not None
    except RowError:
        return True


def _bare(question: str, answer: str, headers: tuple[str, str]) -> tuple[str, str] | None:
    """A question and answer without these headers; None where they do not stand as they should."""
    opening, lead = headers
    asked, replied = question.strip().replace("\r\n", "\n"), answer.lstrip()
    if not asked.startswith(opening):
        return None
    asked = asked.removeprefix(opening)
    is_ended = asked.endswith(lead) and _stands_apart(asked.removesuffix(lead), lead)
    if is_ended:
        asked = _without_end(asked.removesuffix(lead))
    elif not replied.startswith(lead):
        return None
    if replied.startswith(lead):
        answer = replied.removeprefix(lead)
    asked, answer = asked.strip(), _BEFORE_ANSWER.sub("", answer)
    has_more = any(_holds(text, headers) for text in (asked, answer))
    if has_more or (lead[0] == "#" and _OTHER_HEADER.search(asked)):
        return None
    for text, what, part in ((asked, "question", "instruction"), (answer, "answer", "response")):
        if not text.strip():
            raise RowError(f"empty {part}", f"the {what} is nothing but {header_names(headers)}")
    return asked, answer


def _stands_apart(before: str, lead: str) -> bool:
    """Whether a header does; words, unlike marks, may be those of a text."""
    is_marked = lead[0] in "<["
    return is_marked or (lead[0] == "#" and before[-1:].isspace()) or bool(_STOP.search(before))


def _without_end(text: str) -> str:
    """A question without the mark that ends a turn."""
    ending = text.rstrip()
    return next((ending.removesuffix(one) for one in END_MARKERS if ending.endswith(one)), text)


def _holds(text: str, headers: tuple[str, str]) -> bool:
    """Whether one of these headers stands in a text where it would count."""
    opening, lead = (header.splitlines()[-1] for header in headers)
    if lead[0] in "<[":
        return opening in text or lead in text
    words = "|".join(map(re.escape, (opening, lead)))
    return re.search(rf"^[ \t]*(?:{words})", text, re.MULTILINE) is not None
