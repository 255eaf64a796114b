"""A row that holds a list of questions or instances -> a row for each, as a table would have them.

SQuAD's articles hold paragraphs with questions, Natural Instructions' tasks and Self-Instruct's
seeds hold instances.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from tunesmith.examples.conversion.cell_text import is_blank, is_list
from tunesmith.sources.row import Dropped, NotRead, Row, RowError

TASK_EXAMPLE = "example of a task's definition"
_HOLDERS = ("paragraphs", "Instances", "instances")
Nested = Row | Dropped | NotRead


def holds_rows(row: Row) -> bool:
    """Whether a row holds others."""
    return any(_are_objects(row.fields.get(key)) for key in _HOLDERS if key in row.fields)


def nested_rows(row: Row) -> Iterator[Nested]:
    """The rows within a row; of most rows, the row itself."""
    fields = row.fields
    if "paragraphs" in fields and _are_objects(fields["paragraphs"]):
        yield from _questions(row)
    elif "Instances" in fields and _are_objects(fields["Instances"]):
        yield from _task(row)
    elif "instances" in fields and _are_objects(fields["instances"]):
        yield from _seeds(row)
    else:
        yield row


def _are_objects(value: object) -> bool:
    return is_list(value) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _questions(row: Row) -> Iterator[Nested]:
    """The questions of an article, each with its paragraph."""
    article = _without(row.fields, "paragraphs")
    number = 0
    for paragraph in _objects(row.fields["paragraphs"]):
        around = {**article, **_without(paragraph, "qas")}
        for asked in _objects(paragraph.get("qas")):
            number += 1
            fields = {**around, **asked}
            answers = _objects(asked.get("answers"))
            if answers or "answers" in asked:
                fields["answers"] = {"text": [one.get("text") for one in answers]}
            yield Row(fields=fields, source=f"{row.source} question {number}")
        if not _objects(paragraph.get("qas")):
            fault = RowError("no question", "a paragraph that nobody asks about")
            yield Dropped.of(fault, source=row.source, text=str(paragraph.get("context", "")))


def _task(row: Row) -> Iterator[Nested]:
    """The instances of a task, each with its definition; of several right answers, the first."""
    definition = row.fields.get("Definition")
    said = "\n".join(map(str, definition)) if is_list(definition) else definition
    for number, one in enumerate(_objects(row.fields["Instances"]), start=1):
        outputs = one.get("output")
        first = outputs[0] if is_list(outputs) and outputs else outputs
        fields = {**one, "instruction": said, "output": first}
        yield Row(fields=fields, source=f"{row.source} instance {number}")
        if is_list(outputs) and len(outputs) > 1:
            others = "\n".join(map(str, outputs[1:]))
            yield NotRead(source=row.source, name="other right answers", text=others)
    for key, value in row.fields.items():
        if key in ("Definition", "Instances") or is_blank(value):
            continue
        if _are_objects(value):
            fault = RowError(TASK_EXAMPLE, f"one of the {key}, no instance")
            for one in _objects(value):
                yield Dropped.of(fault, source=row.source, text=_json(one))
        else:
            yield NotRead(source=row.source, name=f"column '{key}'", text=_json(value))


def _seeds(row: Row) -> Iterator[Nested]:
    around = _without(row.fields, "instances")
    for number, one in enumerate(_objects(row.fields["instances"]), start=1):
        yield Row(fields={**around, **one}, source=f"{row.source} instance {number}")


def _objects(value: object) -> Sequence[Mapping[str, object]]:
    return [one for one in value if isinstance(one, Mapping)] if is_list(value) else []


def _without(fields: Mapping[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name != key}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
