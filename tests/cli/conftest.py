"""Stages that only note what they were asked, in place of the real ones."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import tunesmith.stages
import tunesmith.stages.proposing.new_recipe  # before a stage that it calls is replaced
from tunesmith.__main__ import run_command
from tunesmith.cli.terminal import progress_bars
from tunesmith.stages.results.answer_pieces import AnswerPiece
from tunesmith.stages.results.answered import Answer
from tunesmith.stages.results.prepared import PreviewPiece, PreviewRow

SCORE = {"value": 40.0, "low": 30.0, "high": 50.0, "count": 100, "failed": 2}
RESULT = {
    "kept": 1234,
    "dropped": {"empty response": 2, "too long": 1},
    "splits": {"train": {"rows": 90, "trained_tokens": 1000}},
    "scores": {
        "schema": 1,
        "metrics": {"token_f1": {"base": SCORE, "tuned": {**SCORE, "value": None}}},
        "comparisons": [
            {
                "metric": "token_f1",
                "first": "base",
                "second": "tuned",
                "difference": 9.5,
                "low": 2.0,
                "high": 17.25,
                "p_value": 0.01,
                "verdict": "better",
            }
        ],
    },
    "loss": {"train": 1.5, "validation": None},
    "peak_memory_bytes": 3 << 20,
    "report": Path("runs/mine/report.html"),
}


class FakeSession:
    """A chat that says back what it heard, and how often."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def reply(self, text: str) -> Iterator[str]:
        self.heard.append(text)
        yield f"{len(self.heard)}: "
        yield text

    def reset(self) -> None:
        self.heard.clear()

    def close(self) -> None:
        pass


def preview_pieces(*_: Any, **__: Any) -> Iterator[PreviewRow]:
    for number in range(5):
        pieces = [
            ("Q: ", False, False),
            ("hi\x1b[2J", False, True),
            ("\nA: ", False, False),
            ("yes ⟦no⟧", True, True),
            ("</s>", True, False),
        ]
        yield PreviewRow(
            id=f"{number:064x}",
            source=f"a.jsonl:{number + 1}",
            text="Q: hi\x1b[2J\nA: yes ⟦no⟧</s>",
            ids=(1, 2, 3),
            is_trained=(False, True, True),
            prompt_ids=(1,),
            pieces=tuple(
                PreviewPiece(text=text, is_trained=is_trained, is_content=is_content)
                for text, is_trained, is_content in pieces
            ),
        )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[SimpleNamespace]:
    """What the commands asked of the stages; the stages are fakes."""
    made: list[SimpleNamespace] = []

    def noting(name: str, result: Any) -> Callable[..., Any]:
        def stage(*given: Any, **named: Any) -> Any:
            made.append(SimpleNamespace(stage=name, given=given, **named))
            progress = named.get("progress") or getattr(next(iter(given), None), "progress", None)
            if progress is not None:
                progress.start(name, 3)
                progress.advance(1)
                progress.note(f"{name} says something")
            return result(*given, **named) if callable(result) else result

        return stage

    def answers(text: str, models: list[str], **_: Any) -> Iterator[AnswerPiece]:
        for place, model in enumerate(models):
            answer = Answer(model=model, text=text, num_tokens=3, finish_reason="stop")
            yield AnswerPiece(place, text)
            yield AnswerPiece(place, "", answer)

    stages = {
        "prepare": {"prepare": RESULT},
        "forecast": {"forecast": RESULT},
        "train": {"train": RESULT},
        "answer": {"answer": RESULT, "answer_file": {"rows": 3}},
        "evaluate": {
            "evaluate": RESULT["scores"],
            "check_judge": {"summary": ["Judge x: usable."]},
        },
        "report": {"report": {"report": Path("report.html")}},
        "run": {"run_loop": RESULT},
        "preview": {"preview_pieces": preview_pieces},
        "ask": {"ask_pieces": answers},
        "chat": {"chat": lambda *_, **__: FakeSession()},
        "demo": {"demo": {"story": "Before.\nAfter."}},
    }
    for module, functions in stages.items():
        fake = ModuleType(f"tunesmith.stages.{module}")
        for name, result in functions.items():
            setattr(fake, name, noting(name.removesuffix("_loop"), result))
        monkeypatch.setitem(sys.modules, fake.__name__, fake)
        monkeypatch.setattr(tunesmith.stages, module, fake, raising=False)
    monkeypatch.setattr(progress_bars, "silence_libraries", lambda **_: None)
    return made


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., SimpleNamespace]:
    """Run a command in an empty folder that holds one recipe; returns code, out and err."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text("sources: [{path: a.jsonl}]\n")

    def run(*words: str) -> SimpleNamespace:
        code = run_command(words)
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return run
