"""lm-evaluation-harness and a model of ours -> its scores, and those of two models side by side.

Everything about a benchmark is lm_eval's: its data (from the Hub, or the cache), its prompts, its
metrics, which are told as it tells them. An interval of the difference is made of both standard
errors, as if the rows were not the same, which is wider than a paired one.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from math import sqrt
from typing import Any

from tunesmith.errors import MissingError, RecipeError
from tunesmith.generation.responder import Responder
from tunesmith.models.forward import own_attention

_KEY = "evaluation.benchmarks"
_AT_ONCE = 8
_BOOTSTRAPS = 1_000  # for standard errors of what is no mean
_WIDTH = 1.96  # standard errors either side


def check_benchmarks(names: Sequence[str]) -> None:
    """Find out before training whether lm_eval is there, knows the benchmarks and has their data.

    Raises:
        RecipeError: It is not installed, or knows no benchmark of a name.
        MissingError: The data of one cannot be had.
    """
    if not names:
        return
    if find_spec("lm_eval") is None:
        cure = "pip install 'tunesmith[benchmarks]', or leave the key out."
        raise RecipeError(
            "lm_eval is not installed, whose benchmarks these are", where=_KEY, cure=cure
        )
    manager = _task_manager()
    known = manager.all_tasks
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3)
            cure = f"Did you mean {', '.join(near)}? " if near else ""
            raise RecipeError(
                f"lm_eval knows no benchmark {name!r}",
                where=_KEY,
                cure=f"{cure}lm-eval ls tasks lists all.",
            )
        _load_task(name, manager)


def benchmark_figures(
    base: Mapping[str, Mapping[str, Any]], tuned: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What lm_eval found of both models, side by side.

    Args:
        base: Its `results`: by benchmark, `acc,none` and `acc_stderr,none` and so on.
        tuned: The same of the other model.
    """
    figures = []
    for name, metrics in base.items():
        for key, value in metrics.items():
            metric, _, used = key.partition(",")
            other = tuned.get(name, {}).get(key)
            if (
                metric.endswith("_stderr")
                or metric == "sample_len"
                or not _are_numbers(value, other)
            ):
                continue
            error_key = f"{metric}_stderr,{used}"
            errors = [metrics.get(error_key), tuned[name].get(error_key)]
            low, high = _interval(other - value, errors)
            figures.append(
                {
                    "benchmark": name,
                    "metric": metric if used in ("", "none") else f"{metric} ({used})",
                    "base": value,
                    "tuned": other,
                    "difference": other - value,
                    "low": low,
                    "high": high,
                }
            )
    return figures


def _are_numbers(*values: object) -> bool:
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in values)


def _interval(difference: float, errors: Sequence[Any]) -> tuple[float | None, float | None]:
    if not _are_numbers(*errors):
        return None, None
    half = _WIDTH * sqrt(sum(error**2 for error in errors))
    return difference - half, difference + half


def benchmark_results(responder: Responder, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What lm_eval finds of a model: by benchmark, `acc,none`, `acc_stderr,none` and so on."""
    model = responder.model
    with own_attention(model):
        asked = import_module("lm_eval.models.huggingface").HFLM(
            pretrained=model.network, tokenizer=responder.tokenizer.hf, batch_size=_AT_ONCE
        )
        found = import_module("lm_eval").simple_evaluate(
            model=asked,
            tasks=list(names),
            task_manager=_task_manager(),
            log_samples=False,
            bootstrap_iters=_BOOTSTRAPS,
        )
    results: dict[str, dict[str, Any]] = found["results"]
    return results


def _task_manager() -> Any:
    return import_module("lm_eval.tasks").TaskManager()


def _load_task(name: str, manager: Any) -> None:
    try:
        import_module("lm_eval.tasks").get_task_dict([name], manager)
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        cure = "Load it once where there is a network (HF_HUB_OFFLINE=0), or leave it out."
        raise MissingError(
            f"the data of {name} cannot be had ({first})", where=_KEY, cure=cure
        ) from error
