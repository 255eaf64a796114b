"""What a person took out is left out, said with why, and counted; nothing else is."""

import json
from pathlib import Path

import pytest

from tunesmith.errors import DataError, MissingError
from tunesmith.examples.leave_out import LEFT_OUT, read_leave_out, unmet_notices
from tunesmith.examples.read_chunks import read_chunks
from tunesmith.recipe.recipe import ExamplesRecipe
from tunesmith.recipe.source_recipe import SourceRecipe

ROWS = [
    {"instruction": f"Is {n} even?", "response": f"{n} is what it is, my friend."}
    for n in range(40)
]


def chunks(folder: Path, leave_out: str | None) -> tuple[list[str], dict[str, str]]:
    """The ids that stay, and the details of what goes."""
    (folder / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in ROWS))
    recipe = ExamplesRecipe(leave_out=leave_out)
    read = [*read_chunks([SourceRecipe(path="rows.jsonl")], recipe, folder=folder)]
    lines = b"".join(one.lines for one in read).splitlines()
    dropped = [item for one in read for item in one.dropped]
    assert {item.reason for item in dropped} <= {LEFT_OUT}
    return [json.loads(line)["id"] for line in lines], {item.detail: item.text for item in dropped}


def test_named_examples_are_left_out_with_why(tmp_path: Path) -> None:
    every, none = chunks(tmp_path, None)
    assert (len(every), none) == (40, {})
    out = [
        {"id": every[3], "why": "shouts", "text": "for people"},
        {"id": every[39]},
        {"id": "f" * 16},
    ]
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(one) + "\n" for one in out))
    kept, dropped = chunks(tmp_path, "out.jsonl")
    assert kept == [one for one in every if one not in (every[3], every[39])]
    assert set(dropped) == {"shouts", "the recipe names its id"}
    recipe = ExamplesRecipe(leave_out="out.jsonl")
    (notice,) = unmet_notices(recipe, {LEFT_OUT: 2}, tmp_path)  # type: ignore[arg-type]
    assert notice.startswith("1 ids of out.jsonl are no example's")
    assert unmet_notices(recipe, {LEFT_OUT: 3}, tmp_path) == []  # type: ignore[arg-type]


def test_a_file_that_is_gone_or_none_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="leave_out"):
        chunks(tmp_path, "gone.jsonl")
    for line in ('{"example": 3}', "[]", "{"):
        (tmp_path / "out.jsonl").write_text(line + "\n")
        with pytest.raises(DataError, match=r"out.jsonl:1: no line with an id"):
            read_leave_out("out.jsonl", tmp_path)
