"""The library's YAML files -> prompt templates, each checked when it is read.

A placeholder stands in single braces. What the response says is never in the prompt, except
that the possible labels or choices are offered there.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

TaskLanguage = Literal["en", "zh"]
ColumnType = Literal[
    "text", "answer", "label", "labels", "yes-no", "list", "choices", "choice", "letter", "record"
]
PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
OFFERED_LABELS = ("labels", "label_lines", "labels_or")
FOLDER = Path(__file__).parent


class TaskWording(BaseModel):
    """One way to ask what a task's template asks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    instruction: str = Field(min_length=1)
    input: str


class TaskTemplate(BaseModel):
    """One template of the library of tasks.

    Attributes:
        name: What a recipe's `task` says.
        task: The kind of task, the title of its file.
        about: What is asked, for people.
        columns: The columns it needs, and what kind of value each holds.
        wordings: Ways to ask; each row gets one.
        open: The same without a list of labels, for when there are too many to list.
        response: What is answered.
        example: A row.
        labels: The labels of the example.
        has_numbers: Whether numbers are good names for labels, as for stars.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    task: str
    language: TaskLanguage
    about: str
    columns: dict[str, ColumnType] = Field(min_length=2)
    wordings: tuple[TaskWording, ...] = Field(min_length=2)
    open: tuple[TaskWording, ...] = ()
    response: str
    example: dict[str, Any]
    labels: tuple[str, ...] = ()
    has_numbers: bool = False

    @property
    def label_column(self) -> str | None:
        """The column whose values are the labels, if it has one."""
        named = [name for name, kind in self.columns.items() if kind in ("label", "labels")]
        return named[0] if named else None

    @property
    def reads(self) -> frozenset[str]:
        """Placeholders of the prompts."""
        wordings = (*self.wordings, *self.open)
        return frozenset(name for one in wordings for name in _named(one.instruction, one.input))

    @property
    def writes(self) -> frozenset[str]:
        """Placeholders of the response."""
        return frozenset(_named(self.response))

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        known = placeholders(self.columns)
        for name in sorted((self.reads | self.writes) - known):
            raise ValueError(f"{self.name}: nothing fills {{{name}}}")
        if leaked := self.reads & self.writes:
            raise ValueError(f"{self.name}: {sorted(leaked)} stand in prompt and response")
        if set(self.example) != set(self.columns):
            raise ValueError(f"{self.name}: the example's columns are not the template's")
        _check_offers(self)
        return self


def _check_offers(template: TaskTemplate) -> None:
    """Labels and choices are offered by every wording, and labels by none of the open ones."""
    kinds = template.columns.values()
    for one in template.wordings:
        named = set(_named(one.instruction, one.input))
        if template.label_column and not named & set(OFFERED_LABELS):
            raise ValueError(f"{template.name}: a wording offers no labels: {one.instruction}")
        if "choices" in kinds and not named & {"choices", "lettered_choices"}:
            raise ValueError(f"{template.name}: a wording offers no choices: {one.instruction}")
    for one in template.open:
        if set(_named(one.instruction, one.input)) & set(OFFERED_LABELS):
            raise ValueError(f"{template.name}: an open wording lists labels: {one.instruction}")
    if bool(template.label_column) != bool(template.open) or bool(template.open) != bool(
        template.labels
    ):
        raise ValueError(f"{template.name}: labels, open wordings and a label column go together")


def placeholders(columns: Mapping[str, ColumnType]) -> frozenset[str]:
    """What a template with these columns can fill in."""
    names = set()
    for name, kind in columns.items():
        names.add(f"own_{name}" if kind == "labels" else name)
        if kind in ("label", "labels"):
            names.update(OFFERED_LABELS)
        if kind == "choices":
            names.add(f"lettered_{name}")
        if kind == "record":
            names.add(f"{name}_keys")
    return frozenset(names)


@cache
def library() -> Mapping[str, TaskTemplate]:
    """Every template by its name, in the order of the files."""
    templates: dict[str, TaskTemplate] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        record = yaml.safe_load(path.read_text(encoding="utf-8"))
        for written in record["templates"]:
            template = _template(written, record["task"])
            assert template.name not in templates, f"two templates are called {template.name}"
            templates[template.name] = template
    return MappingProxyType(templates)


def _template(written: Mapping[str, Any], task: str) -> TaskTemplate:
    common = written.get("input", "")
    rest = {key: value for key, value in written.items() if key != "input"}
    rest["wordings"] = _wordings(written["wordings"], common)
    rest["open"] = _wordings(written.get("open", ()), common)
    rest["labels"] = tuple(written.get("labels", ()))
    return TaskTemplate.model_validate({**rest, "task": task})


def _wordings(written: Iterable[str | Mapping[str, str]], common: str) -> tuple[TaskWording, ...]:
    records = [
        {"instruction": one, "input": common} if isinstance(one, str) else one for one in written
    ]
    return tuple(TaskWording.model_validate(record) for record in records)


def _named(*texts: str) -> list[str]:
    return [name for text in texts for name in PLACEHOLDER.findall(text)]
