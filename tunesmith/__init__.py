"""Tunesmith: raw material in; an instruction-tuned model, its answers and a verdict out.

The verbs of the command line are functions here; each is imported when it is first used.
Nothing of the standard library is imported before the search path is safe.
"""

from tunesmith.search_path import leave_out_working_directory

leave_out_working_directory()

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tunesmith.errors import TunesmithError
    from tunesmith.examples.example import Message
    from tunesmith.recipe.load_recipe import load_recipe, recipe_from_mapping
    from tunesmith.recipe.recipe import Recipe
    from tunesmith.stages.answer import answer
    from tunesmith.stages.compare import compare
    from tunesmith.stages.evaluate import evaluate
    from tunesmith.stages.execution.bars import BarProgress
    from tunesmith.stages.execution.opened_run import Run, open_run
    from tunesmith.stages.execution.progress import SilentProgress
    from tunesmith.stages.execution.run_folder import RunFolder
    from tunesmith.stages.forecast import forecast
    from tunesmith.stages.import_sources import import_sources
    from tunesmith.stages.loaded_model import LoadedModel, load
    from tunesmith.stages.prepare import prepare
    from tunesmith.stages.preview import preview_rows as preview
    from tunesmith.stages.report import report_run as write_report
    from tunesmith.stages.run import run
    from tunesmith.stages.test_set.before_tuning import evaluate_before
    from tunesmith.stages.train import train

__version__ = "0.1.0"
__all__ = [
    "BarProgress",
    "LoadedModel",
    "Message",
    "Recipe",
    "Run",
    "RunFolder",
    "SilentProgress",
    "TunesmithError",
    "__version__",
    "answer",
    "compare",
    "evaluate",
    "evaluate_before",
    "forecast",
    "import_sources",
    "load",
    "load_recipe",
    "open_run",
    "prepare",
    "preview",
    "recipe_from_mapping",
    "run",
    "train",
    "write_report",
]

_HOMES = {
    "BarProgress": "stages.execution.bars",
    "LoadedModel": "stages.loaded_model",
    "Message": "examples.example",
    "Recipe": "recipe.recipe",
    "Run": "stages.execution.opened_run",
    "RunFolder": "stages.execution.run_folder",
    "SilentProgress": "stages.execution.progress",
    "TunesmithError": "errors",
    "answer": "stages.answer",
    "compare": "stages.compare",
    "evaluate": "stages.evaluate",
    "evaluate_before": "stages.test_set.before_tuning",
    "forecast": "stages.forecast",
    "import_sources": "stages.import_sources",
    "load": "stages.loaded_model",
    "load_recipe": "recipe.load_recipe",
    "open_run": "stages.execution.opened_run",
    "prepare": "stages.prepare",
    "preview": "stages.preview:preview_rows",
    "recipe_from_mapping": "recipe.load_recipe",
    "run": "stages.run",
    "train": "stages.train",
    "write_report": "stages.report:report_run",
}


def __getattr__(name: str) -> object:
    """Import a public name's home when the name is first asked for (PEP 562)."""
    import importlib  # noqa: PLC0415 - see above

    if name not in _HOMES:
        raise AttributeError(f"module 'tunesmith' has no attribute {name!r}")
    module, _, inner = _HOMES[name].partition(":")
    return getattr(importlib.import_module(f"tunesmith.{module}"), inner or name)


def __dir__() -> list[str]:
    return __all__
