"""A folder for MLX is what transformers reads, and MLX has its say where it is installed."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import RefusedError
from tunesmith.export.mlx_folder.mlx_runtime import MlxRuntime
from tunesmith.export.written_answer import WrittenAnswer
from tunesmith.files import read_json
from tunesmith.stages.execution.opened_run import Run
from tunesmith.stages.exporting import export_mlx
from tunesmith.stages.exporting.export_model import export_model
from tunesmith.stages.run import run_loop


@pytest.fixture(scope="module")
def run(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that has answered its test rows."""
    place = tmp_path_factory.mktemp("mlx")
    recipe = make_recipe(
        tiny_folder,
        write_rows(place / "rows.jsonl", colour_rows(40)),
        examples={"split": {"validation": 0.0, "test": 0.3}},
        training={"steps": 6, "learning_rate": 3e-3},
        generation={"max_new_tokens": 6},
        evaluation={"metrics": ["exact_match"], "probes": "none"},
    )
    made = opened(recipe, run_folder(place / "run"), recipe_folder=place, progress=Talk())
    run_loop(made)
    return made


class FakeMlx:
    """MLX as it would be if it computed what it is told to."""

    stop_ids: Sequence[int] = ()
    likely: float = 0.0

    def __init__(self, folder: Path) -> None:
        assert (folder / "config.json").is_file()

    def __enter__(self) -> "FakeMlx":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def log_probabilities(self, ids: Sequence[int], *, num_likely: int) -> dict[int, float]:
        return dict.fromkeys(range(num_likely), self.likely) if self.likely else {}

    def write(self, ids: Sequence[int], *, num_tokens: int) -> WrittenAnswer:
        return WrittenAnswer(ids=(), is_ended=True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stop_ids": []}, "does not end an answer at"),
        ({"likely": -9.0}, "next tokens differ by"),
        ({}, r"only 0 of \d+ answers are the same"),
    ],
)
def test_what_mlx_makes_of_a_folder_decides(
    changes: dict[str, Any], told: str, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = type("Fake", (FakeMlx,), {"stop_ids": range(1000), **changes})
    monkeypatch.setattr(export_mlx, "has_mlx", lambda: True)
    monkeypatch.setattr(export_mlx, "MlxRuntime", fake)
    with pytest.raises(RefusedError, match=told):
        export_model(run.folder, "mlx", kind="f32", out=tmp_path / "mlx", progress=Talk())
    assert list(tmp_path.iterdir()) == []


def test_without_mlx_transformers_has_its_say_and_that_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(export_mlx, "has_mlx", lambda: False)
    talk = Talk()
    found = export_model(run.folder, "mlx", kind="f32", out=tmp_path / "own", progress=talk)
    assert "MLX is not installed here" in talk.notes[-1]
    assert found.summary[0].endswith("the same in transformers")
    assert found.summary[-1] == f"serve it: mlx_lm.server --model {tmp_path / 'own'}"
    assert "runtime" not in found.compared
    assert read_json(tmp_path / "own" / "config.json")["rope_theta"] == 10_000.0


def test_a_folder_that_mlx_cannot_load_is_refused_with_its_last_word(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"MLX cannot load it \(.*Error.*\)"):
        MlxRuntime(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(find_spec("mlx_lm") is None, reason="MLX (mlx-lm) is not installed")
@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
def test_mlx_answers_as_was_measured(kind: str, run: Run, tmp_path: Path) -> None:
    found = export_model(run.folder, "mlx", kind=kind, out=tmp_path / "own", progress=Talk())
    assert found.compared["runtime"] == "MLX"
    assert found.compared["equal_answers"] == found.compared["rows"]
    assert found.compared["furthest_nats"] < {"f32": 1e-3, "f16": 0.05, "bf16": 0.5}[kind]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sliding_window": 8}, "refused"),
        ({"sliding_window": 4096}, "noted"),
        ({"sliding_window": 8, "layer_types": ["full_attention"] * 2}, ""),
        ({"sliding_window": None}, ""),
    ],
)
def test_a_window_that_mlx_does_not_know_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    monkeypatch.setattr(export_mlx, "write_checked_folder", lambda *_, **__: "written")
    monkeypatch.setattr(export_mlx, "has_mlx", lambda: False)
    config = SimpleNamespace(model_type="gemma2", **settings)
    rows = [SimpleNamespace(ids=range(20), room=4)]
    model = SimpleNamespace(inner=SimpleNamespace(config=config))
    talk = Talk()
    measured: Any = SimpleNamespace(
        rows=rows, responder=SimpleNamespace(model=model), run=run.with_progress(talk)
    )
    monkeypatch.setattr(export_mlx, "last_logits", lambda *_: None)
    if told == "refused":
        with pytest.raises(RefusedError, match=r"without their window of 8 tokens, .* up to 24"):
            export_mlx.write_checked_mlx(tmp_path, measured, kind="f32")
        return
    export_mlx.write_checked_mlx(tmp_path, measured, kind="f32")
    assert any("window of 4,096" in note for note in talk.notes) is (told == "noted")
