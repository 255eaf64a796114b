"""The three tables that packages may add to -> what is in each, by whom, and whether it works."""

from collections.abc import Callable, Iterator, Sequence

from tunesmith.entry_points import DOORS, Door, Plugin, find_plugin, installed
from tunesmith.errors import RecipeError
from tunesmith.evaluation.metrics import METRICS, find_metric
from tunesmith.recipe.values import METRIC_NAMES
from tunesmith.sources.kinds import BUILT_IN, NAMES, find_kind
from tunesmith.stages.execution.stage import StageResult
from tunesmith.templates import names as templates
from tunesmith.templates.offered import offered_template

Described = Sequence[tuple[str, str]]  # name, what it is


def list_plugins() -> StageResult:
    """What recipes can name, built in or of installed packages, whose code is imported here.

    Returns:
        `sources`, `templates` and `metrics`, each a list of `name`, `is_built_in`,
        `distribution`, `version`, `description`, `loads`, and in `problem` why it cannot be used.
    """
    tables: dict[Door, tuple[Described, Callable[[Plugin], str]]] = {
        "sources": (_kinds(), lambda plugin: find_kind(plugin.name).description),
        "templates": (_templates(), _template_of),
        "metrics": (_metrics(), lambda plugin: find_metric(plugin.name).description),
    }
    return {door: list(_entries(door, *tables[door])) for door in DOORS}


def _kinds() -> Described:
    return [(kind.name, kind.description) for kind in BUILT_IN if kind.name in NAMES]


def _templates() -> Described:
    layouts = [(one.name, one.description) for one in templates.LAYOUTS.values()]
    chats = [(one.name, one.description) for one in templates.CHATS.values()]
    return sorted([*templates.OTHERS.items(), *layouts, *chats])


def _metrics() -> Described:
    tokens = ("token_accuracy", "next tokens of the reference that the model would choose itself")
    described = {metric.name: metric.description for metric in METRICS} | dict([tokens])
    return [(name, described[name]) for name in METRIC_NAMES.built_in]


def _template_of(plugin: Plugin) -> str:
    found = offered_template(plugin.name, built_in=templates.NAMES)
    assert found is not None, "it is installed"
    return found[0].description


def _entries(
    door: Door, built_in: Described, describe: Callable[[Plugin], str]
) -> Iterator[StageResult]:
    for name, description in built_in:
        yield {
            "name": name,
            "is_built_in": True,
            "distribution": None,
            "version": None,
            "description": description,
            "loads": True,
            "problem": None,
        }
    for plugin in installed(door):
        said, problem = _tried(plugin, [name for name, _ in built_in], describe)
        yield {
            "name": plugin.name,
            "is_built_in": False,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "description": said,
            "loads": problem is None,
            "problem": problem,
        }


def _tried(
    plugin: Plugin, built_in: Sequence[str], describe: Callable[[Plugin], str]
) -> tuple[str | None, str | None]:
    """What a plug-in says of itself, or why it cannot be used."""
    try:
        find_plugin(plugin.door, plugin.name, built_in=built_in)
        return describe(plugin), None
    except RecipeError as error:
        return None, str(error)
