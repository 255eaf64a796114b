"""A model's trainable weights -> what changes them: AdamW, or Muon for its hidden matrices."""

from typing import Any

import torch

from tunesmith.errors import RefusedError
from tunesmith.recipe.recipe import TrainingRecipe

Moments = dict[str, torch.Tensor]
_MOMENTS = {
    torch.optim.AdamW: {"step", "exp_avg", "exp_avg_sq"},
    torch.optim.Muon: {"momentum_buffer"},
}


class Optimizer:
    """One update rule, or several that share the weights among them."""

    def __init__(self, *rules: torch.optim.Optimizer) -> None:
        self._rules = rules
        self._rule_of = {
            weight: rule
            for rule in rules
            for group in rule.param_groups
            for weight in group["params"]
        }

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all rules; each has its `params` and its rate `lr`."""
        return [group for rule in self._rules for group in rule.param_groups]

    def step(self, divisor: torch.Tensor | None = None) -> None:
        """Change the weights by their gradients, after dividing those by a scalar.

        The fused AdamW divides while it reads them, which saves a pass over memory.
        """
        for rule in self._rules:
            if divisor is None:
                rule.step()
            elif rule.defaults.get("fused"):
                _step_divided(rule, divisor)
            else:
                gradients = [p.grad for g in rule.param_groups for p in g["params"]]
                torch._foreach_div_([g for g in gradients if g is not None], divisor)
                rule.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for rule in self._rules:
            rule.zero_grad(set_to_none=True)

    def moments(self, weight: torch.nn.Parameter) -> Moments:
        """What was kept of a weight's past gradients, by name; empty before its first update."""
        return dict(self._rule_of[weight].state.get(weight, {}))

    def set_moments(self, weight: torch.nn.Parameter, moments: Moments) -> None:
        """Put a checkpoint's moments back.

        Raises:
            RefusedError: Another rule left them.
        """
        rule = self._rule_of[weight]
        if moments.keys() != _MOMENTS[type(rule)]:
            raise RefusedError(
                f"the checkpoint holds another optimiser's moments ({', '.join(sorted(moments))})",
                cure="Resume with the optimizer it was made with, or begin in another run folder.",
            )
        rule.state[weight] = moments


def _step_divided(rule: Any, divisor: torch.Tensor) -> None:
    """By the attributes that torch's GradScaler sets on rules that unscale by themselves."""
    rule.grad_scale, rule.found_inf = divisor, torch.zeros_like(divisor)
    try:
        rule.step()
    finally:
        del rule.grad_scale, rule.found_inf


def trainable(network: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    """The parameters that training changes, by name; a tied weight appears once."""
    return {name: p for name, p in network.named_parameters() if p.requires_grad}


def make_optimizer(network: torch.nn.Module, recipe: TrainingRecipe) -> Optimizer:
    """The recipe's update rule over the trainable weights.

    Muon (Jordan 2024) makes every direction of a matrix's update equally large, so that what
    is rare is learnt as fast as what is frequent (arXiv 2509.26030). It is made for matrices
    between embeddings and output; AdamW changes the rest. Its rate is scaled to AdamW's size
    of update (arXiv 2502.16982): one learning rate serves both.
    """
    weights = list(trainable(network).values())
    if recipe.optimizer == "adamw":
        return Optimizer(_adamw(weights, recipe))
    outer = _outer_matrices(network)
    hidden = [p for p in weights if p.ndim == 2 and id(p) not in outer]
    taken = {id(p) for p in hidden}
    others = [p for p in weights if id(p) not in taken]
    rules = [_muon(hidden, recipe)] if hidden else []
    return Optimizer(*rules, *([_adamw(others, recipe)] if others else []))


def _outer_matrices(network: torch.nn.Module) -> set[int]:
    """Identities of the embeddings' weights and of the output's."""
    tables = [m for m in network.modules() if isinstance(m, torch.nn.Embedding)]
    output = network.get_output_embeddings()  # type: ignore[operator]
    return {id(module.weight) for module in (*tables, output) if module is not None}


def _muon(weights: list[torch.nn.Parameter], recipe: TrainingRecipe) -> torch.optim.Optimizer:
    return torch.optim.Muon(
        weights,
        lr=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        adjust_lr_fn="match_rms_adamw",
    )


def _adamw(weights: list[torch.nn.Parameter], recipe: TrainingRecipe) -> torch.optim.Optimizer:
    """AdamW (arXiv 1711.05101); vectors (norms, biases) are not decayed."""
    groups = [
        {"params": [p for p in weights if p.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [p for p in weights if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=recipe.learning_rate, fused=True
    )
