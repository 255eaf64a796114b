"""The columns of a table of labels -> the prompt template of the library that fits them."""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.examples.columns.column_names import yaml_name
from tunesmith.examples.columns.looks import ColumnLook
from tunesmith.examples.tasks.library import library
from tunesmith.sources.lexicon import lexicon

_BY_COLUMNS = (
    "entailment",
    "same-meaning",
    "same-question",
    "similarity",
    "reading-choice",
    "multiple-choice",
    "dialogue-summary",
    "summary",
    "headline",
    "keywords",
    "english-to-chinese",
)
_BY_LABEL = {  # task: what its column of labels is called
    "sentiment": "sentiment_labels",
    "emotion": "emotion_labels",
    "intent": "intent_labels",
    "topic": "topic_labels",
    "stars": "stars_labels",
    "spam": "spam_labels",
    "priority": "priority_labels",
    "moderation": "moderation_labels",
}
_CHINESE = re.compile("[\u4e00-\u9fff]")
_TEXTS = ("text", "instruction", "context", "input")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedTask:
    """A template of the library, and its columns: the table's.

    Attributes:
        name: What a recipe's `task` says.
        columns: The template's column: the table's.
        column: The one of the table that holds what is answered.
        needs_names: Whether labels are numbers, which the recipe has to name.
    """

    name: str
    columns: Mapping[str, str]
    column: str
    needs_names: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """What may be written under a recipe's source, as YAML of several lines."""
        columns = ", ".join(f"{ours}: {yaml_name(theirs)}" for ours, theirs in self.columns.items())
        lines = [f"task: {self.name}", f"columns: {{{columns}}}"]
        if self.needs_names:
            lines.append("labels: {0: NAME, 1: NAME}")
        return ("\n".join(lines),)


def propose_task(
    names: Sequence[str], roles: Mapping[str, str], looks: Mapping[str, ColumnLook]
) -> ProposedTask | None:
    """The template whose columns the table has by name; or one for a text and its label.

    Args:
        names: Of the table's columns.
        roles: What each plays in an example, if anything.
        looks: Of the columns that no example is made of.
    """
    by_name = {name.strip().casefold(): name for name in names}
    for name in _BY_COLUMNS:
        template = library()[name]
        if all(column in by_name for column in template.columns):
            columns = {column: by_name[column] for column in template.columns}
            return ProposedTask(name=name, columns=columns, column=list(columns.values())[-1])
    summary = _summary_of(by_name)
    if summary is not None:
        return summary
    text = next((one for role in _TEXTS for one in names if roles.get(one) == role), None)
    unknown = [name for name, look in looks.items() if look.is_content and not roles.get(name)]
    label = next((look for look in looks.values() if look.is_label), None)
    if text is None and len(unknown) == 1 and label is not None and label.num_cells > 1:
        text = unknown[0]
    return _labelled(text, label) if text is not None and label is not None else None


def _summary_of(by_name: Mapping[str, str]) -> ProposedTask | None:
    """A long text beside its summary, by other names of theirs."""
    words = lexicon("tunesmith.examples.columns")
    short = next((by_name[one] for one in words.words("summary_aliases") if one in by_name), None)
    long = next((by_name[one] for one in words.words("text_aliases") if one in by_name), None)
    if short is None or long is None or short == long:
        return None
    return ProposedTask(name="summary", columns={"text": long, "summary": short}, column=short)


def _labelled(text: str, label: ColumnLook) -> ProposedTask:
    name = next((task for task, words in _task_words() if label.name.casefold() in words), None)
    if name is None:
        name = "multi-label" if label.is_nested else "classification"
    if _CHINESE.search("".join((text, label.name, *label.samples))) and f"{name}-zh" in library():
        name = f"{name}-zh"
    template = library()[name]
    answer = template.label_column or list(template.columns)[-1]
    asked = next(column for column in template.columns if column != answer)
    return ProposedTask(
        name=name,
        columns={asked: text, answer: label.name},
        column=label.name,
        needs_names=_are_numbers(label) and not template.has_numbers,
    )


@functools.cache
def _task_words() -> tuple[tuple[str, tuple[str, ...]], ...]:
    words = lexicon(__package__)
    return tuple((task, words.words(name)) for task, name in _BY_LABEL.items())


def _are_numbers(label: ColumnLook) -> bool:
    values = label.codes | label.distinct
    return bool(values) and all(re.fullmatch(r"-?\d+(?:\.0)?", one) for one in values)
