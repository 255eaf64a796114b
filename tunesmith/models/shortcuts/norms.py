"""A model's root-mean-square norms -> the same function as one autograd node, on the CPU.

Families write the norm as five operations, each of which reads the states from memory again
and keeps its result for the backward pass. As one node it keeps its input and a number a
position. arXiv 1910.07467, equation 4.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

_EPSILONS = ("variance_epsilon", "eps")  # as families call it
_TOLERANCE = 1e-5  # relative L2, fp32; a weight that means one more is off by far more
_PROBE_ROWS = 4

Forward = Callable[[torch.Tensor], torch.Tensor]


def fuse_norms(network: nn.Module) -> int:
    """Let norms that are found to be plain ones be computed in one node; the rest stay.

    What a module computes, and its gradients, are compared with the formula first, for families
    scale by the weight, by one more, or cast in between.

    Args:
        network: On the CPU; its norms' `forward` is replaced in place.

    Returns:
        How many norms were replaced.
    """
    plain = [module for module in network.modules() if _is_candidate(module)]
    fused = [module for module in plain if _largest_difference(module) < _TOLERANCE]
    for module in fused:
        module.forward = partial(_forward, module, module.forward)
    return len(fused)


def rms_norm(
    states: torch.Tensor, weight: torch.Tensor, epsilon: float, *, dtype: torch.dtype | None = None
) -> torch.Tensor:
    """Scale each position to a root mean square of one, then by the weight.

    Args:
        states: (..., D), fp32.
        weight: (D), fp32.
        epsilon: Added to the mean square.
        dtype: Of the result; None is that of the states.
    """
    out: torch.Tensor = _RmsNorm.apply(states, weight, epsilon, dtype or states.dtype)  # type: ignore[no-untyped-call]
    return out


class _RmsNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, states: torch.Tensor, weight: torch.Tensor, epsilon: float, dtype: torch.dtype
    ) -> torch.Tensor:
        length = torch.linalg.vector_norm(states, dim=-1, keepdim=True)
        scale = length.square_().div_(states.shape[-1]).add_(epsilon).rsqrt_()
        ctx.save_for_backward(states, weight, scale)
        out: torch.Tensor = (states * scale).mul_(weight).to(dtype)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        states, weight, scale = ctx.saved_tensors
        gradient = gradient.to(states.dtype)
        width = states.shape[-1]
        both = (gradient * states).reshape(-1, width)  # families give it transposed views
        of_weight = torch.mv(both.T, scale.reshape(-1)) if ctx.needs_input_grad[1] else None
        along = torch.mv(both, weight).view(scale.shape)
        along.mul_(scale).mul_(scale).mul_(scale).div_(width)
        of_states = (gradient * weight).mul_(scale).addcmul_(states, along, value=-1)
        return of_states, of_weight, None, None


def _forward(module: nn.Module, own: Forward, states: torch.Tensor) -> torch.Tensor:
    """The norm of a module; its own where dtypes differ, as families then cast in their ways.

    In mixed precision the result is narrowed here, once: the products that read it (three for
    query, key and value) would each narrow and keep it, and widen its gradient again.
    """
    weight = module.weight
    assert isinstance(weight, torch.Tensor)
    if states.dtype == weight.dtype == torch.float32:
        is_mixed = torch.is_autocast_enabled("cpu")
        dtype = torch.get_autocast_dtype("cpu") if is_mixed else None
        return rms_norm(states, weight, _epsilon(module), dtype=dtype)
    return own(states)


def _is_candidate(module: nn.Module) -> bool:
    names = [name for name, _ in module.named_parameters()]
    hooks = module._forward_hooks or module._forward_pre_hooks
    return (
        type(module).__name__.endswith("RMSNorm")
        and names == ["weight"]
        and module.weight.dtype == torch.float32
        and any(isinstance(getattr(module, name, None), float) for name in _EPSILONS)
        and not hooks
    )


def _epsilon(module: nn.Module) -> float:
    found = (getattr(module, name, None) for name in _EPSILONS)
    return next(value for value in found if isinstance(value, float))


def _largest_difference(module: nn.Module) -> float:
    """Relative L2 of the output and both gradients; infinite where the module cannot be tried."""
    weight = module.weight
    assert isinstance(weight, torch.Tensor)
    generator = torch.Generator().manual_seed(0)
    states, up = (torch.randn(1, _PROBE_ROWS, len(weight), generator=generator) for _ in range(2))
    states.requires_grad_()
    copy = weight.detach().clone().requires_grad_()
    with torch.enable_grad():
        try:
            own = torch.func.functional_call(module, {"weight": copy}, (states,))
            expected = [own, *torch.autograd.grad(own, [states, copy], up)]
        except (RuntimeError, TypeError, ValueError):
            return float("inf")
        ours = rms_norm(states, copy, _epsilon(module))
        found = [ours, *torch.autograd.grad(ours, [states, copy], up)]
    if own.shape != ours.shape:
        return float("inf")
    pairs = [(a.detach(), b.detach()) for a, b in zip(expected, found, strict=True)]
    return max(float((a - b).norm() / a.norm().clamp_min(1e-12)) for a, b in pairs)
