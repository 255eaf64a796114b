"""Two sides of runs -> what differs between them: recipe, data, model, engine."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from tunesmith.examples.example import Example, last_user_text
from tunesmith.examples.splitting.split import SPLITS, Split
from tunesmith.files import read_json_lines
from tunesmith.recipe.fields import walk
from tunesmith.report.number_text import flat_items
from tunesmith.stages.comparing.compared_runs import Side, example_ids
from tunesmith.stages.execution.run_folder import RunFolder

Record = dict[str, Any]

_MODEL = ("base.", "parameters", "trained_parameters", "tokenizer")
_RECIPE = ("template_hash",)
_TOLD_ELSEWHERE = ("schema", "seed", "data", "base.seed")
_PLACE = re.compile(r"\[\d+\]")
_SHOWN = 3


def run_differences(first: Side, second: Side) -> Record:
    """Every setting and number that differs, and how many rows of each split.

    A setting has the values of A's runs and of B's, each once: several where the runs of a
    side differ in it, as in their seeds. Of a side with several runs the first one's data is
    read; that the others have the same was checked.
    """
    engine = _settings(first, second, "environment")
    return {
        "recipe": [
            *_settings(first, second, "recipe"),
            *(one for one in engine if one["key"].startswith(_RECIPE)),
        ],
        "data": {
            split: _rows(first.runs[0].folder, second.runs[0].folder, split) for split in SPLITS
        },
        "model": [one for one in engine if one["key"].startswith(_MODEL)],
        "engine": [one for one in engine if not one["key"].startswith((*_MODEL, *_RECIPE))],
    }


def _settings(first: Side, second: Side, part: str) -> list[Record]:
    runs = (*first.runs, *second.runs)
    keys = dict.fromkeys(key for run in runs for key in getattr(run, part))
    defaults = _defaults() if part == "recipe" else {}
    found = [
        {"key": key, "A": first.values(part, key), "B": second.values(part, key)}
        for key in keys
        if key not in _TOLD_ELSEWHERE
    ]
    return [
        one
        for one in found
        if set(one["A"]) != set(one["B"]) and not _is_unused(one, defaults.get(_bare(one["key"])))
    ]


def _is_unused(one: Record, default: str | None) -> bool:
    """Whether only the default of a group's key stands against a side without that group."""
    values = {*one["A"], *one["B"]}
    return default is not None and None in values and values <= {None, default}


def _bare(key: str) -> str:
    """A key without places in lists: `sources.kind` of `sources[2].kind`."""
    return _PLACE.sub("", key)


@cache
def _defaults() -> Mapping[str, str]:
    """The default of each key within a group that may be missing, as settings are told."""
    return {
        ".".join(field.path): dict(flat_items({"": field.default})).get("", "")
        for field in walk()
        if not field.is_required and (field.section is None or not field.default)
    }


def _rows(first: RunFolder, second: RunFolder, split: Split) -> Record:
    """Counts of both, of the rows that B has more and less, and the first of these."""
    one, two = (dict.fromkeys(example_ids(folder, split)) for folder in (first, second))
    removed, added = one.keys() - two.keys(), two.keys() - one.keys()
    return {
        "A": len(one),
        "B": len(two),
        "added": len(added),
        "removed": len(removed),
        "added_rows": list(islice(_told(second, split, added), _SHOWN)),
        "removed_rows": list(islice(_told(first, split, removed), _SHOWN)),
    }


def _told(folder: RunFolder, split: Split, ids: Mapping[str, Any] | set[str]) -> Iterator[Record]:
    for record in read_json_lines(folder.examples(split)) if ids else ():
        if record["id"] in ids:
            example = Example.from_json(record)
            text = last_user_text(example.messages) or example.reference
            yield {"id": record["id"], "source": example.source, "text": text}
