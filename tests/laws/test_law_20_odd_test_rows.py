"""Law 20: whatever the test rows are, every stage after training ends well."""

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


@pytest.mark.parametrize(
    ("rows", "share"),
    [(colour_rows(20), 0.0), (TALES, 0.2), (TURNS, 0.2), (colour_rows(3), 0.4), (ODD, 0.4)],
    ids=["no test rows", "plain text", "several turns", "few rows", "odd texts"],
)
@pytest.mark.parametrize("against", ["base", "reference"])
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
