"""`tunesmith teach TASK -o FILE`: another model writes pairs, or better answers."""

import typer

from tunesmith.cli.arguments import options as shared
from tunesmith.cli.arguments import teach_options as given
from tunesmith.cli.arguments.inputs import refuse_unused
from tunesmith.cli.fast_imports import fast_imports
from tunesmith.cli.terminal.output import show_result
from tunesmith.cli.terminal.progress_bars import talking
from tunesmith.errors import RecipeError

EXAMPLES = """tunesmith teach self-instruct -o a.jsonl --url http://localhost:11434/v1 --model phi3

tunesmith teach documents manual/ faq.md -o pairs.jsonl --path runs/faq --styles question,how-to

tunesmith teach improve pairs.jsonl -o better.jsonl --url https://api.openai.com/v1
--model gpt-4o-mini --key-env OPENAI_API_KEY --max-calls 500

tunesmith teach self-instruct --url http://localhost:11434/v1 --model phi3 --dry-run"""


def teach(
    task: given.Task,
    sources: given.MaterialOption = None,
    *,
    out: given.Out = None,
    url: given.Url = None,
    model: given.Model = None,
    key_env: given.KeyEnv = None,
    path: given.LocalPath = None,
    count: given.Count = None,
    language: given.LanguageOption = None,
    seeds: given.Seeds = None,
    styles: given.Styles = None,
    avoid: given.Avoid = None,
    max_calls: given.MaxCalls = None,
    dry_run: given.DryRun = False,
    check: given.Check = False,
    settings: given.TeacherSettings = None,
    json: shared.JsonFlag = False,
    quiet: shared.QuietFlag = False,
    verbose: shared.VerboseFlag = False,
) -> None:
    """Let another model write pairs: after seed tasks, about documents, or better answers."""
    if check or dry_run:
        refuse_unused({"--out": out and check}, "beside --check")
        refuse_unused({"--check": check and dry_run}, "beside --dry-run")
    elif out is None:
        cure = "Name the file to write: -o pairs.jsonl; or --dry-run, or --check."
        raise RecipeError("no file to write was named", where="--out", cure=cure)
    endpoint = {"url": url, "model": model, "key_env": key_env, "path": path}
    options = given.TeachOptions(
        task=task,
        sources=sources or (),
        endpoint={**endpoint, "max_calls": max_calls},
        keys={"count": count, "language": language, "seeds": seeds},
        styles=styles,
        settings=settings or (),
    )
    source = given.teacher_source(options)
    with talking(quiet, verbose) as progress:
        with fast_imports():
            from tunesmith.stages import teach as stage

        if check:
            show_result(stage.check_teacher(source, progress=progress), is_json=json)
            raise typer.Exit(0)
        lesson = stage.lesson_of(source, out, avoid=avoid or ())
        work = stage.forecast_lesson if dry_run else stage.teach
        result = work(lesson, progress=progress)
    show_result(result, is_json=json)
    raise typer.Exit(0)
