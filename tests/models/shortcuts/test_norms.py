"""Norms in one node against the families' own modules, values and gradients."""

import copy

import pytest
import torch
from torch import nn
from transformers.models.cohere.modeling_cohere import CohereLayerNorm
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.olmo2.modeling_olmo2 import Olmo2RMSNorm
from transformers.models.qwen3.modeling_qwen3 import Qwen3RMSNorm

from tunesmith.models.shortcuts.norms import fuse_norms, rms_norm

WIDTH = 24


def _with_random_weight(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in module.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator))
    return module


def _results(
    module: nn.Module, states: torch.Tensor, up: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    states = states.clone().requires_grad_()
    module.zero_grad()
    out = module(states)
    out.backward(up.to(out.dtype))
    (weight,) = module.parameters()
    assert states.grad is not None
    assert weight.grad is not None
    return out.detach(), states.grad, weight.grad.clone()


@pytest.mark.parametrize("family", [LlamaRMSNorm, Qwen3RMSNorm, Olmo2RMSNorm])
@pytest.mark.parametrize("shape", [(1, 7), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_a_plain_norm_keeps_its_values_and_gradients(
    family: type[nn.Module], shape: tuple[int, ...], size: float
) -> None:
    own = _with_random_weight(family(WIDTH, eps=1e-6))
    fused = copy.deepcopy(own)
    assert fuse_norms(fused) == 1
    states, up = (torch.randn(*shape, WIDTH) for _ in range(2))
    expected, found = (_results(module, states * size, up) for module in (own, fused))
    for one, other in zip(expected, found, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5 * float(one.abs().max()))


def test_gradients_are_those_of_finite_differences() -> None:
    states = torch.randn(3, WIDTH, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(WIDTH, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, w: rms_norm(x, w, 1e-5), (states, weight))


def test_one_node_keeps_its_input_and_a_number_a_position() -> None:
    kept: list[int] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    module = LlamaRMSNorm(WIDTH)
    fuse_norms(module)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        module(torch.randn(5, WIDTH, requires_grad=True))
    assert sorted(kept) == [5, WIDTH, 5 * WIDTH]


@pytest.mark.parametrize("family", [GemmaRMSNorm, CohereLayerNorm])
def test_another_formula_stays_as_it_is(family: type[nn.Module]) -> None:
    module = _with_random_weight(family(WIDTH))
    assert fuse_norms(module) == 0
    assert "forward" not in vars(module)


def test_a_formula_that_is_nearly_the_same_is_found_out() -> None:
    class OddRMSNorm(LlamaRMSNorm):
        def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
            return super().forward(hidden_states) * 1.001

    assert fuse_norms(OddRMSNorm(WIDTH)) == 0


def test_a_norm_with_a_hook_stays() -> None:
    module = LlamaRMSNorm(WIDTH)
    module.register_forward_hook(lambda *_: None)
    assert fuse_norms(module) == 0


def test_half_precision_goes_the_familys_way() -> None:
    own = _with_random_weight(LlamaRMSNorm(WIDTH))
    fused = copy.deepcopy(own)
    fuse_norms(fused)
    states = torch.randn(5, WIDTH).bfloat16()
    assert torch.equal(own(states), fused(states))


def test_in_mixed_precision_what_reads_it_shares_one_narrow_result() -> None:
    torch.manual_seed(0)
    own = nn.ModuleList([_with_random_weight(LlamaRMSNorm(WIDTH))])
    own.extend(nn.Linear(WIDTH, WIDTH) for _ in range(3))
    fused = copy.deepcopy(own)
    fuse_norms(fused)
    states = torch.randn(1, 50, WIDTH)
    found = {}
    for name, modules in (("own", own), ("fused", fused)):
        kept: dict[int, torch.Tensor] = {}

        def note(tensor: torch.Tensor, kept: dict[int, torch.Tensor] = kept) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        leaf = states.clone().requires_grad_()
        with (
            torch.autocast("cpu", dtype=torch.bfloat16),
            torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        ):
            read = modules[0](leaf)
            out = sum(linear(read).float().square().sum() for linear in modules[1:])
        inputs = [one for one in kept.values() if one.shape[-2:] == (50, WIDTH)]
        narrow = [one for one in inputs if one.dtype == torch.bfloat16]
        out.backward()
        found[name] = (read, len(narrow), leaf.grad)
    assert found["own"][1] - found["fused"][1] == 2
    assert torch.equal(found["fused"][0], found["own"][0].bfloat16())
    expected = found["own"][2]
    assert (found["fused"][2] - expected).norm() < 0.01 * expected.norm()
