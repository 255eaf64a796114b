"""Law 20: whatever the test rows are, every stage after training ends well."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.endpoint_server import EndpointServer
from tests.laws.whole_loop import Loop
from tests.stages.rig import colour_rows, write_rows
from tunesmith.stages.run import run_loop

TALES: list[dict[str, Any]] = [{"text": f"The lamp number {i} is dark."} for i in range(20)]
TURNS: list[dict[str, Any]] = [
    {"messages": [{"role": role, "content": f"{role} {i}"} for role in ("user", "assistant") * 2]}
    for i in range(20)
]
ODD: list[dict[str, Any]] = [
    {"instruction": text, "response": f"<b>{text}</b> ]]> $x$ \\frac \u202e ﷽ 🏳️‍🌈 {i}"}
    for i, text in enumerate(["\u200b", "&", "--- ```", "日本語", "עברית", "a\u0301" * 50, "| a |"])
]


KINDS: dict[str, tuple[list[dict[str, Any]], float]] = {
    "no test rows": (colour_rows(20), 0.0),
    "plain text": (TALES, 0.2),
    "several turns": (TURNS, 0.2),
    "few rows": (colour_rows(3), 0.4),
    "odd texts": (ODD, 0.4),
}


def cases() -> Iterator[Any]:
    """Each kind of rows judged against base and the reference; every second one is slow."""
    for number, (name, (rows, share)) in enumerate(KINDS.items()):
        for place, against in enumerate(("base", "reference")):
            marks = [pytest.mark.slow] if (number + place) % 2 else []
            yield pytest.param(rows, share, against, id=f"{name}-{against}", marks=marks)


@pytest.mark.parametrize(("rows", "share", "against"), list(cases()))
def test_whatever_the_test_rows_are_the_run_ends_well(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[dict[str, Any]],
    share: float,
    against: str,
) -> None:
    loop = Loop(tmp_path, monkeypatch, ExitStack())
    write_rows(tmp_path / "rows.jsonl", rows)
    loop.rival()
    loop.set("template", name="auto")
    with EndpointServer(lambda body: "I cannot say.", models=["stub", "big"]) as server:
        loop.judge(url=server.url, model="stub")
        rivals = [{"path": "rival"}, {"url": server.url, "model": "big"}]
        loop.set("evaluation", baselines=["nearest", "few-shot"], pairwise=against, rivals=rivals)
        loop.set("evaluation", metrics=["exact_match", "chrf", "final_answer", "token_accuracy"])
        run = loop.run()
        split = {"validation": 0.0, "test": share}
        examples = run.recipe.examples.model_validate({"split": split})
        run = replace(run, recipe=run.recipe.model_copy(update={"examples": examples}))
        run_loop(run)
    assert run.folder.page.is_file()
