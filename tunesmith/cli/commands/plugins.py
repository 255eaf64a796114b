"""`tunesmith plugins`: what recipes can name, and which installed package it comes from."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.cli.arguments.options import JsonFlag, QuietFlag, VerboseFlag
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import SCHEMA, print_json, printable
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith plugins

tunesmith plugins --json"""

_TITLES = {
    "sources": "Source kinds (sources.kind)",
    "templates": "Templates (template.name)",
    "metrics": "Metrics (evaluation.metrics)",
}


def plugins(
    json: JsonFlag = False, *, quiet: QuietFlag = False, verbose: VerboseFlag = False
) -> None:
    """List source kinds, templates and metrics: those built in, and those of installed packages."""
    with talking(quiet, verbose), fast_imports():
        from tunesmith.stages.plugins import list_plugins

        found = list_plugins()
    if json:
        print_json({"schema": SCHEMA, **found})
        return
    for number, (door, title) in enumerate(_TITLES.items()):
        print(f"{chr(10) if number else ''}{title}")
        for line in _lines(found[door]):
            print(printable(line))


def _lines(entries: list[Mapping[str, Any]]) -> Iterator[str]:
    packages = [
        "built in" if entry["is_built_in"] else f"{entry['distribution']} {entry['version']}"
        for entry in entries
    ]
    names = max(len(entry["name"]) for entry in entries)
    widest = max(map(len, packages))
    for entry, package in zip(entries, packages, strict=True):
        said = entry["description"] or f"cannot be used: {entry['problem']}"
        yield f"  {entry['name']:{names}}  {package:{widest}}  {said}"
