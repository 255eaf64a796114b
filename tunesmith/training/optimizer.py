"""A model's trainable weights -> what changes them: AdamW, or Muon for its hidden matrices."""

from collections.abc import Sequence
from typing import Any

import torch

from tunesmith.errors import RefusedError
from tunesmith.models.shortcuts.sparse_embedding import SparseEmbedding, sparse_embeddings, spread
from tunesmith.recipe.recipe import TrainingRecipe

Moments = dict[str, torch.Tensor]
_MOMENTS = {
    torch.optim.AdamW: {"step", "exp_avg", "exp_avg_sq"},
    torch.optim.Muon: {"momentum_buffer"},
}
_ROWS = "rows"  # beside the moments of a table: which of its rows they belong to


class Optimizer:
    """One update rule, or several that share the weights among them.

    Args:
        rules: Over all trainable weights, with a table's read rows in the place of the table.
        tables: Those read rows.
    """

    def __init__(
        self, rules: Sequence[torch.optim.Optimizer], *, tables: Sequence[SparseEmbedding] = ()
    ) -> None:
        self._rules = rules
        self._tables = {rows.table: rows for rows in tables}
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

    @property
    def parameters(self) -> list[torch.Tensor]:
        """What gets a gradient, and moments."""
        return list(self._rule_of)

    @property
    def num_rows_read(self) -> int | None:
        """Rows of an embedding table that are trained; None where a table is trained whole."""
        return sum(len(rows.ids) for rows in self._tables.values()) or None

    def step(self, divisor: torch.Tensor | None = None) -> None:
        """Change the weights by their gradients, after dividing those by a scalar.

        The fused AdamW divides while it reads them, which saves a pass over memory.
        """
        for rows in self._tables.values():
            rows.gather()
        for rule in self._rules:
            _step(rule, divisor)
        for rows in self._tables.values():
            group = next(g for g in self.param_groups if _holds(g, rows.parameter))
            rows.scatter(decay=1 - group["lr"] * group["weight_decay"])

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for rule in self._rules:
            rule.zero_grad(set_to_none=True)

    def moments(self, weight: torch.nn.Parameter) -> Moments:
        """What was kept of a weight's past gradients, by name; empty before its first update.

        Where only some rows of a table are trained, of those, and `rows` tells which.
        """
        rows = self._tables.get(weight)
        trained = weight if rows is None else rows.parameter
        moments = dict(self._rule_of[trained].state.get(trained, {}))
        return moments if rows is None or not moments else {**moments, _ROWS: rows.ids}

    def set_moments(self, weight: torch.nn.Parameter, moments: Moments) -> None:
        """Put a checkpoint's moments back, wherever it had them: of all rows or of some.

        Raises:
            RefusedError: Another rule left them.
        """
        rows = self._tables.get(weight)
        trained = weight if rows is None else rows.parameter
        rule = self._rule_of[trained]
        moments = dict(moments)
        ids = moments.pop(_ROWS, None)
        if moments.keys() != _MOMENTS[type(rule)]:
            raise RefusedError(
                f"the checkpoint holds another optimiser's moments ({', '.join(sorted(moments))})",
                cure="Resume with the optimizer it was made with, or begin in another run folder.",
            )
        rule.state[trained] = {
            name: _of_rows(values, ids, weight, rows) if values.ndim else values
            for name, values in moments.items()
        }


def _of_rows(
    values: torch.Tensor,
    ids: torch.Tensor | None,
    weight: torch.Tensor,
    rows: SparseEmbedding | None,
) -> torch.Tensor:
    return spread(values, ids, like=weight) if rows is None else rows.of_these(values, ids)


def _holds(group: dict[str, Any], weight: torch.Tensor) -> bool:
    return any(one is weight for one in group["params"])


def _step(rule: torch.optim.Optimizer, divisor: torch.Tensor | None) -> None:
    if divisor is None:
        rule.step()
    elif rule.defaults.get("fused"):
        _step_divided(rule, divisor)
    else:
        gradients = [p.grad for g in rule.param_groups for p in g["params"]]
        torch._foreach_div_([g for g in gradients if g is not None], divisor)
        rule.step()


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
    """The recipe's update rule over the trainable weights; of sparse tables, over the rows read.

    Muon (Jordan 2024) makes every direction of a matrix's update equally large, so that what
    is rare is learnt as fast as what is frequent (arXiv 2509.26030). It is made for matrices
    between embeddings and output; AdamW changes the rest. Its rate is scaled to AdamW's size
    of update (arXiv 2502.16982): one learning rate serves both.
    """
    tables = sparse_embeddings(network)
    rows_of = {rows.table: rows.parameter for rows in tables}
    weights = [rows_of.get(weight, weight) for weight in trainable(network).values()]
    if recipe.optimizer == "adamw":
        return Optimizer([_adamw(weights, recipe)], tables=tables)
    outer = _outer_matrices(network) | set(map(id, rows_of.values()))
    hidden = [p for p in weights if p.ndim == 2 and id(p) not in outer]
    taken = {id(p) for p in hidden}
    others = [p for p in weights if id(p) not in taken]
    rules = [_muon(hidden, recipe)] if hidden else []
    if others:
        rules.append(_adamw(others, recipe))
    return Optimizer(rules, tables=tables)


def _outer_matrices(network: torch.nn.Module) -> set[int]:
    """Identities of the embeddings' weights and of the output's."""
    tables = [m for m in network.modules() if isinstance(m, torch.nn.Embedding)]
    output = network.get_output_embeddings()  # type: ignore[operator]
    return {id(module.weight) for module in (*tables, output) if module is not None}


def _muon(weights: list[torch.nn.Parameter], recipe: TrainingRecipe) -> torch.optim.Optimizer:
    return torch.optim.Muon(
        weights,
        lr=recipe.highest_rate,
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
        [group for group in groups if group["params"]], lr=recipe.highest_rate, fused=True
    )
