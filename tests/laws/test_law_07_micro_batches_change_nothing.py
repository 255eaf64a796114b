"""Law 7: 1x8, 2x4 and 8x1 micro-batches, and two ranks, give the same gradients and validation."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.forks import ROOT, Fork
from tests.stages.rig import colour_rows, opened, write_rows
from tests.tiny import random_store, tiny_network
from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.rows.attention import register, use_attention
from tunesmith.recipe.load_recipe import load_recipe
from tunesmith.stages.execution.progress import SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.train import train
from tunesmith.tokens.store import TokenStore
from tunesmith.training.distributed import Ranks
from tunesmith.training.feed import Feed
from tunesmith.training.step import accumulate_gradients
from tunesmith.training.validate import validate

TORCHRUN = [  # standalone: any free port, so that test runs do not meet
    *(sys.executable, "-m", "torch.distributed.run"),
    *("--standalone", "--nproc-per-node=2"),
]
LENGTHS = [40, 3, 17, 8, 29, 5, 61, 12]


def _model(family: str, dtype: torch.dtype) -> LanguageModel:
    register()
    return choose_layout(tiny_network(family).to(dtype))


def _feed(store: TokenStore, micro_batch: int) -> Feed:
    return Feed(
        store=store,
        rows_of_step=lambda _: list(range(len(store))),
        micro_batch=micro_batch,
        shared_row_limit=None,
        device=torch.device("cpu"),
        ranks=Ranks(),
    )


def _gradient(model: LanguageModel, feed: Feed) -> torch.Tensor:
    data = feed.data_of(0)
    model.network.zero_grad()
    accumulate_gradients(model, data.batches, num_targets=data.num_targets, precision="fp32")
    return torch.cat([p.grad.reshape(-1) for p in model.network.parameters()])


PROOF, PRACTICE = (torch.float64, 1e-10), (torch.float32, 1e-5)


@pytest.mark.parametrize("layout", ["as probed", "padded"])
@pytest.mark.parametrize(
    ("family", "dtype", "bound"),
    [
        ("llama", *PROOF),
        ("llama", *PRACTICE),
        ("gpt2", *PROOF),
        ("gpt2", *PRACTICE),
        ("bloom", *PRACTICE),  # its softmax is fp32 in any model: no proof in fp64
    ],
)
def test_micro_batch_size_changes_nothing(
    tmp_path: Path, family: str, dtype: torch.dtype, bound: float, layout: str
) -> None:
    store = random_store(tmp_path / "s.arrow", LENGTHS)
    model = _model(family, dtype)
    if layout == "padded" and model.layout == "rows":
        use_attention(model.network, model.own_attention)
        model.layout = "padded"
    whole = _gradient(model, _feed(store, 8))
    for size in (4, 1, 3):
        parts = _gradient(model, _feed(store, size))
        assert (whole - parts).norm() / whole.norm() < bound


def test_micro_batch_size_does_not_change_validation(tmp_path: Path) -> None:
    store = random_store(tmp_path / "s.arrow", LENGTHS)
    model = _model("llama", torch.float64)
    whole = validate(model, _feed(store, 8), precision="fp32")
    for size in (4, 1, 3):
        parts = validate(model, _feed(store, size), precision="fp32")
        assert abs(whole.loss - parts.loss) < 1e-6
        assert whole.accuracy == parts.accuracy
        assert whole.num_targets == parts.num_targets == int(store.num_targets.sum())


def test_the_loss_is_a_sum_over_tokens_and_no_mean_of_means(tmp_path: Path) -> None:
    """Known value: rows of 2 and 40 targets weigh 2 and 40, not one half each."""
    store = random_store(tmp_path / "s.arrow", [60, 3])
    model = _model("llama", torch.float64)
    both = validate(model, _feed(store, 2), precision="fp32")
    rows = [random_store(tmp_path / f"{n}.arrow", [n], seed=s) for s, n in enumerate([60, 3])]
    each = [validate(model, _feed(row, 1), precision="fp32") for row in rows]
    weighted = sum(one.loss * one.num_targets for one in each) / sum(o.num_targets for o in each)
    assert abs(both.loss - weighted) < 1e-6
    assert abs(weighted - (each[0].loss + each[1].loss) / 2) > 1e-4


def test_two_ranks_give_the_gradient_of_one(tmp_path: Path) -> None:
    store = random_store(tmp_path / "s.arrow", [*LENGTHS, 7])
    alone = _gradient(_model("llama", torch.float64), _feed(store, 2))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    words = ["-m", "tests.laws.two_ranks", str(tmp_path)]
    ranks = [Fork(words, env={**env, "RANK": rank, "LOCAL_RANK": rank}) for rank in "01"]
    for process in ranks:
        _, err = process.communicate()
        assert process.returncode == 0, err
    saved = torch.load(tmp_path / "gradient.pt", weights_only=True)
    facts = json.loads((tmp_path / "facts.json").read_text())
    assert (alone - saved).norm() / alone.norm() < 1e-10
    one = validate(_model("llama", torch.float64), _feed(store, 2), precision="fp32")
    assert abs(one.loss - facts["loss"]) < 1e-6
    assert one.num_targets == facts["num_targets"]


def test_two_ranks_train_the_model_of_one(tmp_path: Path, tiny_folder: Path) -> None:
    """The whole of `train` under torchrun, clipping, validation and checkpoints included."""
    write_rows(tmp_path / "rows.jsonl", colour_rows(30))
    settings = {
        "model": {"name": str(tiny_folder)},
        "sources": [{"path": "rows.jsonl"}],
        "template": {"name": "question-answer"},
        "examples": {"split": {"validation": 0.2, "test": 0.0}},
        "training": {
            "steps": 5,
            "examples_per_step": 8,
            "learning_rate": 1e-2,
            "precision": "fp32",
            "device": "cpu",
        },
    }
    (tmp_path / "recipe.yaml").write_text(json.dumps(settings))
    alone = RunFolder(tmp_path / "one")
    recipe = load_recipe(tmp_path / "recipe.yaml")
    train(opened(recipe, alone, recipe_folder=tmp_path, progress=SilentProgress()))
    arguments = ["-m", "--", "tests.laws.rank_of_two", "train", "recipe.yaml"]
    done = subprocess.run(
        [*TORCHRUN, *arguments, "--run", "two", "--json"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=180,
    )
    assert json.loads(done.stdout)["steps"] == 5, "only the first rank prints"
    environment = json.loads((tmp_path / "two/environment.json").read_text())
    assert environment["embedding_rows_read"], "the law is to hold for rows that are read"
    one, two = (load_file(tmp_path / run / "model/model.safetensors") for run in ("one", "two"))
    base = load_file(tiny_folder / "model.safetensors")
    moved = sum((one[name] - base[name]).norm() ** 2 for name in base) ** 0.5
    apart = sum((one[name] - two[name]).norm() ** 2 for name in base) ** 0.5
    assert apart / moved < 1e-3
    log = [json.loads(line) for line in (tmp_path / "two/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if line["split"] == "train"] == [1, 2, 3, 4, 5]
