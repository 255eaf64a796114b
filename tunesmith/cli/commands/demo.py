"""`tunesmith demo`: the whole loop on the embedded model and its material, offline."""

from pathlib import Path

from tunesmith.cli.arguments.options import JsonFlag, QuietFlag, RunFolderOption, VerboseFlag
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking

EXAMPLES = """tunesmith demo

tunesmith demo --run runs/first"""


def demo(
    run: RunFolderOption = None,
    *,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
) -> None:
    """Tune the embedded model on the embedded material and show what changed; offline."""
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import demo as stage
            from tunesmith.stages.execution.run_folder import RunFolder

        folder = RunFolder(run or Path("runs/demo"))
        result = stage.demo(folder=folder, progress=progress)
    show_result(result, is_json=json)
