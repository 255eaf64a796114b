"""lm_eval is asked about both models where it is there; else one line says how to have it."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import byte_tokenizer, tiny_network
from tunesmith.errors import MissingError, RecipeError
from tunesmith.evaluation.probes.harness import (
    benchmark_figures,
    benchmark_results,
    check_benchmarks,
)
from tunesmith.generation.responder import Responder
from tunesmith.models.forward import choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.recipe.recipe import GenerationRecipe, TemplateRecipe
from tunesmith.templates.names import find_template
from tunesmith.tokens.tokenizer import wrap_tokenizer

STAND_IN = """
def simple_evaluate(model, tasks, task_manager, log_samples, bootstrap_iters):
    implementation = model.network.config._attn_implementation
    return {"results": {name: {"acc,none": 0.5, "alias": implementation} for name in tasks}}
"""
MODELS = """
class HFLM:
    def __init__(self, pretrained, tokenizer, batch_size):
        self.network = pretrained
        assert callable(tokenizer)
"""
TASKS = """
class TaskManager:
    all_tasks = ["arc_easy", "gone"]

def get_task_dict(names, manager):
    if "gone" in names:
        raise ConnectionError("no network\\nand more")
"""


@pytest.fixture
def stand_in(site: Path) -> None:
    (site / "lm_eval" / "models").mkdir(parents=True)
    files = {"__init__": STAND_IN, "models/__init__": "", "models/huggingface": MODELS}
    for name, text in {**files, "tasks": TASKS}.items():
        (site / "lm_eval" / f"{name}.py").write_text(text, encoding="utf-8")


def test_without_lm_eval_the_cure_is_told_and_nobody_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "tunesmith.evaluation.probes.harness.find_spec", lambda _: None, raising=True
    )
    check_benchmarks([])
    with pytest.raises(RecipeError, match="not installed") as raised:
        check_benchmarks(["arc_easy"])
    assert "tunesmith[benchmarks]" in str(raised.value)
    assert raised.value.where == "evaluation.benchmarks"


@pytest.mark.usefixtures("stand_in")
def test_an_unknown_benchmark_and_one_without_data_are_found_out_before() -> None:
    check_benchmarks(["arc_easy"])
    with pytest.raises(RecipeError, match=r"no benchmark 'arc_eazy'"):
        check_benchmarks(["arc_easy", "arc_eazy"])
    with pytest.raises(MissingError, match=r"data of gone cannot be had \(no network\)"):
        check_benchmarks(["gone"])


@pytest.mark.usefixtures("stand_in")
def test_the_model_is_handed_over_as_it_was_loaded() -> None:
    tokenizer = wrap_tokenizer(byte_tokenizer(), name="bytes")
    register()
    model = choose_layout(tiny_network("llama"))
    ours = model.inner.config._attn_implementation
    responder = Responder(
        name="base",
        model=model,
        tokenizer=tokenizer,
        template=find_template(TemplateRecipe(name="alpaca"), tokenizer.texts),
        recipe=GenerationRecipe(),
    )
    found = benchmark_results(responder, ["arc_easy"])
    assert found["arc_easy"]["acc,none"] == 0.5
    assert found["arc_easy"]["alias"] == model.own_attention != ours
    assert model.inner.config._attn_implementation == ours


def test_both_are_set_side_by_side_with_an_interval_of_both_errors() -> None:
    def told(value: float, error: Any) -> dict[str, Any]:
        return {"acc,none": value, "acc_stderr,none": error, "f1,strict": 0.5, "alias": "arc"}

    first, second = benchmark_figures({"arc": told(0.5, 0.03)}, {"arc": told(0.4, 0.04)})
    assert (first["metric"], first["base"], first["tuned"]) == ("acc", 0.5, 0.4)
    assert first["low"] == pytest.approx(-0.1 - 1.96 * 0.05)
    assert first["high"] == pytest.approx(-0.1 + 1.96 * 0.05)
    assert (second["metric"], second["low"]) == ("f1 (strict)", None)
    [alone, _] = benchmark_figures({"arc": told(0.5, "N/A")}, {"arc": told(0.4, "N/A")})
    assert alone["low"] is None


@pytest.mark.network
def test_a_real_benchmark_is_scored() -> None:
    if importlib.util.find_spec("lm_eval") is None:
        pytest.skip("lm_eval is not installed")
    check_benchmarks(["arc_easy"])
