"""Two sides of runs -> the test rows whose answers score most differently, side by side."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tunesmith.evaluation.run_comparison import mean_of_runs
from tunesmith.evaluation.score import TUNED, Column, shared_ids
from tunesmith.evaluation.token_metrics import BESIDE_TEXT
from tunesmith.examples.example import Example, last_user_text
from tunesmith.files import read_json_lines
from tunesmith.stages.comparing.compared_runs import Side

SideColumns = Mapping[str, Sequence[Column]]  # by side
Record = dict[str, Any]


def answer_differences(
    first: Side,
    second: Side,
    columns: Mapping[str, SideColumns],
    *,
    among: Collection[str],
    count: int,
) -> list[Record]:
    """The rows with the largest differences, averaged over the metrics of text.

    Args:
        first: Whose answers stand first.
        second: The other side.
        columns: The grades of each metric and side.
        among: Test rows that all runs have.
        count: How many rows at most; rows that both sides answer equally well are left out.
    """
    metrics = [metric for metric in columns if metric not in BESIDE_TEXT]
    scores: dict[str, Record] = {}
    for metric in metrics or [metric for metric in columns if metric != "loss"]:
        for example_id, pair in _means(columns[metric], among).items():
            scores.setdefault(example_id, {})[metric] = pair
    differences = {
        example_id: sum(pair["B"] - pair["A"] for pair in found.values()) / len(found)
        for example_id, found in scores.items()
    }
    ranked = sorted(differences, key=lambda example_id: -abs(differences[example_id]))
    chosen = [example_id for example_id in ranked if differences[example_id]][:count]
    asked = _asked(first, chosen)
    answers = {side.label: _answers(side, chosen) for side in (first, second)}
    return [
        {
            "example_id": example_id,
            **asked[example_id],
            **{label: found.get(example_id, []) for label, found in answers.items()},
            "difference": differences[example_id],
            "scores": scores[example_id],
        }
        for example_id in chosen
    ]


def _means(columns: SideColumns, among: Collection[str]) -> dict[str, dict[str, float]]:
    """Each row's score on both sides, over the runs."""
    ids = shared_ids([column for side in columns.values() for column in side], among=among)
    means = {
        label: mean_of_runs([column.rows(ids) for column in side]).scores.tolist()
        for label, side in columns.items()
    }
    return {
        example_id: {label: means[label][place] for label in means}
        for place, example_id in enumerate(ids)
    }


def _asked(side: Side, ids: Collection[str]) -> dict[str, Record]:
    """Prompt and reference of the rows."""
    found = {}
    path = side.runs[0].folder.examples("test")
    for record in read_json_lines(path) if ids else ():
        if record["id"] in ids:
            example = Example.from_json(record)
            found[record["id"]] = {
                "source": example.source,
                "prompt": last_user_text(example.messages),
                "reference": example.reference,
            }
    return found


def _answers(side: Side, ids: Collection[str]) -> dict[str, list[Record]]:
    """What the runs of a side wrote to each row; equal answers once, with the runs' names."""
    found: dict[str, list[Record]] = {}
    for run in side.runs:
        for record in read_json_lines(run.folder.completions(TUNED)) if ids else ():
            if record["example_id"] not in ids:
                continue
            texts = found.setdefault(record["example_id"], [])
            known = next((one for one in texts if one["text"] == record["text"]), None)
            if known is None:
                texts.append({"text": record["text"], "runs": [run.name]})
            else:
                known["runs"].append(run.name)
    return found
