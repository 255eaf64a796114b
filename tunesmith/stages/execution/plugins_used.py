"""A recipe -> the plug-ins that it uses, for keys and records, and an early word if one cannot."""

from typing import Any

from tunesmith.entry_points import Plugin, installed
from tunesmith.evaluation.metrics import find_metric
from tunesmith.recipe.recipe import Recipe
from tunesmith.recipe.values import KIND_NAMES, METRIC_NAMES
from tunesmith.sources.kinds import find_kind


def check_plugins(recipe: Recipe) -> None:
    """Import what a recipe names of packages, so that nothing ends late what can be known now.

    Raises:
        RecipeError: A package cannot be used. That of the template shows when rows are rendered.
    """
    for source in recipe.sources:
        if source.kind is not None:
            find_kind(source.kind)
    for plugin in metric_plugins(recipe):
        find_metric(plugin.name)


def source_plugins(recipe: Recipe) -> list[Plugin]:
    """Those that have a say in how the sources are read.

    Where a kind is found out, all that are installed are asked.
    """
    files = [source for source in recipe.sources if source.path is not None]
    if any(source.kind is None for source in files):
        return list(installed("sources"))
    kinds = {source.kind for source in files} - set(KIND_NAMES.built_in)
    return [plugin for plugin in installed("sources") if plugin.name in kinds]


def metric_plugins(recipe: Recipe) -> list[Plugin]:
    """Those whose metrics the recipe names."""
    names = set(recipe.evaluation.metrics) - set(METRIC_NAMES.built_in)
    return [plugin for plugin in installed("metrics") if plugin.name in names]


def plugin_record(
    recipe: Recipe, summary: dict[str, Any], contract: dict[str, Any]
) -> dict[str, str]:
    """What a run used of packages: `sources.anki` and the like -> package and version.

    Args:
        recipe: Of the run.
        summary: What `prepare` returned.
        contract: The template's.
    """
    kinds = {found["kind"] for found in summary["read_as"]}
    used = [plugin for plugin in installed("sources") if plugin.name in kinds]
    record = {
        f"{plugin.door}.{plugin.name}": plugin.package
        for plugin in (*used, *metric_plugins(recipe))
    }
    if package := contract.get("plugin"):
        record[f"templates.{contract['name']}"] = f"{package['distribution']} {package['version']}"
    return record
