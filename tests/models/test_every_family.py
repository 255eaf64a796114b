"""Every family of the README's list: trained, saved, loaded by a fresh process, asked.

Two steps as `train` does them. Gradients are held to transformers' plain forward and
`backward()`, what was saved to what was in memory and to what peft computes unmerged, answers
to transformers' greedy ones.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.families import (
    FAMILIES,
    PADDED,
    Case,
    Trained,
    load,
    make_renderer,
    plain_gradients,
    plain_network,
    save_base,
)
from tests.models.fresh_reader import FreshReader
from tunesmith.models.forward import own_attention
from tunesmith.stages.responders.renderer import Renderer
from tunesmith.training.distributed import Ranks
from tunesmith.training.step import StepRules, accumulate_gradients, train_step

IDS = torch.tensor([[5, 71, 200, 13, 99, 42, 7]])
VARIANTS: dict[str, dict[str, Any]] = {
    "all-linear": {"lora": {}},
    "table and head": {"lora": {"targets": ["table", "head"], "use_rslora": True}},
    "dora": {"lora": {"use_dora": True}, "training": {"activation_checkpointing": "on"}},
    "whole": {"lora": {"modules_to_save": ["table", "head"]}},
    "bf16": {"training": {"precision": "bf16"}},
    "all-linear in bf16": {"lora": {}, "training": {"precision": "bf16"}},
    "checkpointing": {"training": {"activation_checkpointing": "on"}},
}
TRIED = [
    ("llama", True),
    ("llama", False),
    ("qwen3", False),
    ("gpt2", True),
    ("gpt_neox", False),
    ("gemma3_text", True),
    ("gpt_oss", False),
    ("bloom", True),
]
QUICK = ("llama", "gpt2", "gpt_neox")  # each variant of the others is slow


def _cases() -> Iterator[Any]:
    for family in FAMILIES.values():
        for is_tied in (True, False):
            name = f"{family}-{'tied' if is_tied else 'untied'}"
            yield pytest.param(Case(family=family, is_tied=is_tied), id=f"{name}-full")
            is_tried = (family, is_tied) in TRIED
            for variant, settings in VARIANTS.items():
                if is_tried or (
                    variant == "all-linear" and is_tied and (family, False) not in TRIED
                ):
                    case = Case(family=family, is_tied=is_tied, **settings)
                    is_quick = family in QUICK or variant == "all-linear"
                    marks = [] if is_quick else [pytest.mark.slow]
                    yield pytest.param(case, id=f"{name}-{variant}", marks=marks)


@pytest.fixture(scope="module")
def reader() -> Iterator[FreshReader]:
    process = FreshReader()
    yield process
    process.close()


@pytest.fixture(scope="module")
def base_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """The folder of a case's base model, written once."""
    folder = tmp_path_factory.mktemp("bases")

    def find(case: Case) -> Path:
        path = folder / f"{case.family}-{case.is_tied}"
        if not path.exists():
            save_base(path, case.family, is_tied=case.is_tied)
        return path

    return find


@pytest.fixture(scope="module")
def renderer_of() -> Callable[[Path], Renderer]:
    return make_renderer(Path("bytes"))


@pytest.mark.filterwarnings("ignore::UserWarning:peft", "ignore:.is_gradient_checkpointing.")
@pytest.mark.parametrize("case", list(_cases()))
def test_a_family_trains_saves_and_answers(
    case: Case,
    tmp_path: Path,
    reader: FreshReader,
    base_of: Callable[[Case], Path],
    renderer_of: Callable[[Path], Renderer],
) -> None:
    base = base_of(case)
    trained = load(case, base, tmp_path / "run", renderer_of(base))
    assert (trained.model.layout == "padded") == (case.family in PADDED)
    plain = plain_network(case, base)
    for _ in range(2):
        _assert_same_gradients(case, trained, plain)
        _step(trained)
    trained.training._save(trained.model)
    _copy(trained, plain)
    memory = _logits(plain if case.is_narrow else trained)  # narrow, it would be rounded
    found = reader.read(trained.training.run.folder.model, base, IDS)
    bound = 1e-5 * float(memory.abs().max())
    assert (found["ours"] - memory).abs().max() <= bound, "what is loaded is not what was trained"
    assert (found["others"] - found["ours"]).abs().max() <= bound, "others load another model"
    sure = found["sure"]
    assert found["answer"][:sure] == found["others' answer"][:sure]


def _copy(trained: Trained, plain: Any) -> None:
    """Give transformers' model the weights that ours has learned."""
    own = dict(trained.model.network.named_parameters())
    with torch.no_grad():
        for name, parameter in plain.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(own[name])


def _assert_same_gradients(case: Case, trained: Trained, plain: Any) -> None:
    _copy(trained, plain)
    expected = plain_gradients(plain, trained.num_targets, narrow=False)
    trained.optimizer.zero_grad()
    accumulate_gradients(
        trained.model,
        trained.batches,
        num_targets=trained.num_targets,
        precision=trained.training.engine.precision,
    )
    found = trained.gradients()
    assert found.keys() == expected.keys()
    whole = torch.stack([one.norm() for one in expected.values()]).norm()
    if case.is_narrow:
        usual = plain_gradients(plain, trained.num_targets, narrow=True)
        ours, theirs = (_distance(one, expected) for one in (found, usual))
        assert ours <= 2.5 * theirs, f"{ours / whole:.1e}; by autocast {theirs / whole:.1e}"
        return
    for name, one in expected.items():
        off = float((found[name] - one).norm())
        # A gradient that is 0 but for rounding, such as a key's bias, is held to the whole one.
        assert off <= 1e-5 * float(one.norm()) + 1e-7 * float(whole), f"{name}: {off / one.norm()}"


def _distance(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> float:
    return float(torch.stack([(found[n] - expected[n]).norm() for n in expected]).norm())


def _step(trained: Trained) -> None:
    rules = StepRules(precision=trained.training.engine.precision, max_grad_norm=1.0, ranks=Ranks())
    result = train_step(
        trained.model,
        trained.batches,
        optimizer=trained.optimizer,
        num_targets=trained.num_targets,
        rules=rules,
    )
    assert 0 < result.loss < 20


@torch.no_grad()
def _logits(model: Any) -> torch.Tensor:
    if not isinstance(model, Trained):
        return model(input_ids=IDS).logits  # type: ignore[no-any-return]
    model.model.network.eval()
    with own_attention(model.model):
        return model.model.network(input_ids=IDS).logits  # type: ignore[no-any-return]
