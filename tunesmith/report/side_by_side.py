"""Test rows -> what a page needs to show every model's answer beside the reference.

The rows are data inside the page: JSON in which no character can end the script element
that holds it. The page's own script shows them as text, never as HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import translate
from tunesmith.report.markup import Markup
from tunesmith.report.record import RunRecord, TestRow

MAX_CHARACTERS = 24_000_000
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """The rows as JSON, and how many of all test rows they are."""

    json: Markup
    num_shown: int
    num_rows: int

    @property
    def note(self) -> str:
        """Where the rest is, when not every row is shown."""
        if self.num_shown == self.num_rows:
            return ""
        return translate(
            "The first {count:,} of {total:,} test rows are shown; all of them are in "
            "data/test.jsonl, completions/ and grades/. The scores count every row.",
            count=self.num_shown,
            total=self.num_rows,
        )


def side_by_side(record: RunRecord) -> SideBySide:
    """Lay out as many rows as a browser opens with ease; the others are counted."""
    rows: list[dict[str, Any]] = []
    num_characters = 0
    for row in record.rows:
        shown = row_json(row)
        num_characters += _num_characters(shown)
        if rows and num_characters > MAX_CHARACTERS:
            break
        rows.append(shown)
    content = {"models": record.models, "metrics": _metrics(record), "rows": rows}
    return SideBySide(json=script_json(content), num_shown=len(rows), num_rows=record.num_test_rows)


def script_json(value: object) -> Markup:
    """A value as JSON that is safe inside a script element."""
    written = orjson.dumps(value).decode()
    for character, escape in _ESCAPES.items():
        written = written.replace(character, escape)
    return Markup(written)


def row_json(row: TestRow) -> dict[str, Any]:
    """One row for the page: prompt, reference, answers, scores."""
    return {
        "id": row.example.id,
        "source": row.example.source,
        "tags": row.example.tags,
        "prompt": [
            {"role": message.role, "content": message.content, "input": message.input}
            for message in row.example.prompt
        ],
        "reference": row.example.reference,
        "answers": {model: _answer_json(answer) for model, answer in row.answers.items()},
        "signs": {
            model: {sign: as_shown(found) for sign, found in signs.items()}
            for model, signs in row.signs.items()
            if signs
        },
        "grades": {
            metric: {
                model: {"score": grade.score, "reason": grade.reason and as_shown(grade.reason)}
                for model, grade in models.items()
            }
            for metric, models in row.grades.items()
        },
    }


def _answer_json(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": answer["text"], "finish_reason": answer["finish_reason"]}


def _metrics(record: RunRecord) -> list[str]:
    return [*(m for m in record.scores if m != "loss"), *(m for m in record.scores if m == "loss")]


def _num_characters(shown: dict[str, Any]) -> int:
    texts = [message["content"] + message["input"] for message in shown["prompt"]]
    answers = [answer["text"] for answer in shown["answers"].values()]
    return sum(map(len, texts)) + len(shown["reference"]) + sum(map(len, answers)) + 300
