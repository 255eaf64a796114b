"""The names that `sources[].task` takes; a test holds them against the library's files."""

import difflib
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

TASK_NAMES: tuple[str, ...] = (
    "ask",
    "ask-zh",
    "chinese-to-english",
    "classification",
    "classification-zh",
    "code",
    "code-explanation",
    "continuation",
    "correction",
    "correction-zh",
    "dialogue-summary",
    "dialogue-summary-zh",
    "emotion",
    "english-to-chinese",
    "entailment",
    "entailment-zh",
    "entities",
    "entities-zh",
    "fact-check",
    "field",
    "field-zh",
    "headline",
    "headline-zh",
    "inference",
    "inference-zh",
    "intent",
    "intent-zh",
    "keywords",
    "keywords-zh",
    "language",
    "maths",
    "maths-zh",
    "moderation",
    "multi-label",
    "multi-label-zh",
    "multiple-choice",
    "multiple-choice-letter",
    "multiple-choice-letter-zh",
    "multiple-choice-zh",
    "paraphrase",
    "paraphrase-zh",
    "priority",
    "product-description",
    "product-description-zh",
    "question",
    "question-from-search",
    "question-zh",
    "reading",
    "reading-choice",
    "reading-zh",
    "record",
    "record-zh",
    "reply",
    "reply-zh",
    "same-meaning",
    "same-meaning-zh",
    "same-question",
    "sentiment",
    "sentiment-zh",
    "similarity",
    "simplification",
    "simplification-zh",
    "spam",
    "stars",
    "style",
    "style-zh",
    "summary",
    "summary-zh",
    "text-from-data",
    "text-from-keywords",
    "text-from-keywords-zh",
    "text-from-title",
    "text-from-title-zh",
    "ticket-summary",
    "title-and-text",
    "topic",
    "topic-zh",
    "translation",
    "yes-no-question",
    "yes-no-question-zh",
)


def _known_task(value: str) -> str:
    """The name of a template of the library."""
    if value not in TASK_NAMES:
        near = difflib.get_close_matches(value, TASK_NAMES, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Some are {', '.join(TASK_NAMES[:6])}."
        raise ValueError(f"task {value!r} is unknown. {hint} docs/tasks.md lists all")
    return value


TaskReference = Annotated[
    str, AfterValidator(_known_task), WithJsonSchema({"enum": list(TASK_NAMES)})
]
