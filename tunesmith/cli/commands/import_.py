"""`tunesmith import SOURCE... -o FILE`: raw material to examples, without a recipe."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments import source_options as given
from tunesmith.cli.arguments.inputs import refuse_unused
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import printable, show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

if TYPE_CHECKING:
    from tunesmith.stages.results.prepared import Imported

EXAMPLES = """tunesmith import faq.md slack-export.zip tickets.csv -o examples.jsonl

tunesmith import tickets.csv -o tickets.jsonl --field instruction=subject --field response=reply

tunesmith import slack-export.zip --staff U012AB3CD --redact email,phone,secret -o slack.jsonl

tunesmith import faq.md --check"""

_NUM_SHOWN = 20

Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="The file of examples to write."),
]
Check = Annotated[bool, typer.Option("--check", help="Only say what is wrong; write nothing.")]


def import_(
    sources: given.Sources,
    out: Out = None,
    *,
    kind: given.Kind = None,
    encoding: given.Encoding = None,
    field: given.Fields = None,
    ignore: given.Ignored = None,
    staff: given.Staff = None,
    redact: given.Redact = None,
    check: Check = False,
    settings: shared.Settings = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Turn raw material into a file of clean examples; no recipe needed."""
    if check:
        refuse_unused({"--out": out}, "beside --check")
    elif out is None:
        cure = "Name the file to write: -o examples.jsonl; or --check."
        raise RecipeError("no file to write was named", where="--out", cure=cure)
    keys = given.source_keys(kind, field, ignore, staff, encoding)
    examples_keys = given.examples_keys(redact, settings or [])
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages.import_sources import import_sources

        asked = [{"path": source, **keys} for source in sources]
        result = import_sources(asked, out, examples=examples_keys, progress=progress)
    if check and not json:
        _show_findings(result)
    unsaid = () if json else ("read_as", "findings")
    told = {key: value for key, value in result.to_dict().items() if key not in unsaid}
    show_result(told, is_json=json)
    raise typer.Exit(3 if result.findings else 0)


def _show_findings(result: "Imported") -> None:
    for finding in (result.findings or ())[:_NUM_SHOWN]:
        print(printable(f"{finding.source}: {finding.reason}: {finding.detail}"))
    total = sum(result.dropped.values())
    if total > _NUM_SHOWN:
        print(f"... and {total - _NUM_SHOWN:,} more")
