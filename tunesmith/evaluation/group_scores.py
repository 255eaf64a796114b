"""Test rows and files of grades -> scores by task, source, tag and kind (reads or writes).

A row reads where the reference is shorter than what was asked (a label, an extract, a summary), and
writes where it is longer. Groups of few rows are joined; the weakest group is named where its
interval lies below that of all other rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tunesmith.evaluation.score import TUNED, Column, read_columns, score_column
from tunesmith.examples.example import Example
from tunesmith.files import read_json_lines
from tunesmith.sources.row import source_name

MIN_ROWS = 5
MIN_POINTS = 10.0
JOINED = "others"
_MAX_GROUPS = 20
_MODELS = ("base", TUNED)
_TASK = "task:"
_ORDER = ("judge", "final_answer", "chrf", "rouge_l", "token_f1", "exact_match")
Grouping = Mapping[str, list[str]]  # group -> ids of its rows


def group_scores(test: Path, grades: Mapping[str, Path]) -> dict[str, Any]:
    """What `scores.json` says of groups; empty where no grouping has two.

    Args:
        test: The test rows, as examples.
        grades: Metric name to file of grades; the loss is left out.

    Returns:
        By grouping (`task`, `source`, `tag`, `kind`): `groups`, each with `rows` and `scores` by
        metric and model; and `weakest`, or None where no group is clearly weaker.
    """
    groupings = {name: found for name, found in _groupings(test).items() if len(found) > 1}
    if not groupings:
        return {}
    columns = {name: _shown(read_columns(path)) for name, path in grades.items() if name != "loss"}
    return {
        name: {
            "groups": {group: _group(ids, columns) for group, ids in found.items()},
            "weakest": _weakest(found, columns),
        }
        for name, found in groupings.items()
    }


def _groupings(test: Path) -> dict[str, Grouping]:
    found: dict[str, dict[str, list[str]]] = {
        name: defaultdict(list) for name in ("task", "source", "tag", "kind")
    }
    for record in read_json_lines(test) if test.is_file() else ():
        for name, group in _groups_of(Example.from_json(record)):
            found[name][group].append(record["id"])
    return {name: _joined(groups) for name, groups in found.items()}


def _groups_of(example: Example) -> Iterator[tuple[str, str]]:
    for tag in dict.fromkeys(example.tags):
        is_task = tag.startswith(_TASK)
        yield ("task", tag.removeprefix(_TASK)) if is_task else ("tag", tag)
    if source := source_name(example.source):
        yield "source", source
    if not example.is_text:
        asked = sum(len(message.content) + len(message.input) for message in example.prompt)
        yield "kind", "reads" if len(example.reference) < asked else "writes"


def _joined(groups: Mapping[str, list[str]]) -> Grouping:
    """Groups by size; those of few rows, and those beyond the largest, as one."""
    ordered = sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))
    kept = {name: ids for name, ids in ordered[:_MAX_GROUPS] if len(ids) >= MIN_ROWS}
    rest = dict.fromkeys(i for name, ids in ordered if name not in kept for i in ids)
    return {**kept, JOINED: list(rest)} if rest else kept


def _shown(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Base and tuned; everybody where neither is there."""
    own = {model: columns[model] for model in _MODELS if model in columns}
    return own or dict(columns)


def _group(ids: Sequence[str], columns: Mapping[str, Mapping[str, Column]]) -> dict[str, Any]:
    scores = {
        metric: {
            model: score_column(_part(column, ids), metric=metric).to_json()
            for model, column in models.items()
        }
        for metric, models in columns.items()
    }
    return {"rows": len(ids), "scores": scores}


def _part(column: Column, ids: Iterable[str]) -> Column:
    part = Column()
    for row_id in ids:
        if row_id in column.ids:
            place = column.ids[row_id]
            part.ids[row_id] = len(part.scores)
            part.scores.append(column.scores[place])
            part.weights.append(column.weights[place])
        elif row_id in column.failed:
            part.failed.add(row_id)
    return part


def _weakest(
    groups: Grouping, columns: Mapping[str, Mapping[str, Column]]
) -> dict[str, Any] | None:
    """The group with the lowest mean, if it is clearly lower than all other rows."""
    metric = next((name for name in (*_ORDER, *columns) if columns.get(name)), None)
    if metric is None:
        return None
    model = TUNED if TUNED in columns[metric] else [*columns[metric]][-1]
    column = columns[metric][model]
    parts = {name: _part(column, ids) for name, ids in groups.items() if name != JOINED}
    means = {n: p.rows().mean for n, p in parts.items() if len(p.ids) >= MIN_ROWS}
    if not means:
        return None
    name = min(means, key=lambda one: means[one])
    rest = _part(column, column.ids.keys() - parts[name].ids.keys())
    own, others = (score_column(part, metric=metric) for part in (parts[name], rest))
    if own.high is None or others.low is None or others.count < MIN_ROWS:
        return None
    if own.high >= others.low or means[name] > (others.value or 0.0) - MIN_POINTS:
        return None
    told = {"group": name, "metric": metric, "model": model}
    return {**told, "score": own.to_json(), "others": others.to_json()}
