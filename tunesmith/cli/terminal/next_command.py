"""A command that has ended -> the one that usually comes next, as a line on stderr.

One table says for each command what follows it, from what the command was given: the same
recipe, run and settings. Nothing is said with --json and --quiet; init names what its data allow.
"""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.cli.arguments.inputs import is_recipe
from tunesmith.cli.terminal.progress_bars import is_first_rank

Words = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedCommand:
    """A command that has done its work.

    Attributes:
        name: As it is typed.
        words: What stood behind its name.
        given: The same, parsed, by parameter.
    """

    name: str
    words: Words
    given: Mapping[str, Any]

    @property
    def recipe(self) -> list[str]:
        """The recipe with its run and settings, as another command takes them."""
        words = [str(self.given.get("recipe") or self.given["target"])]
        if run := self.given.get("run"):
            words += ["--run", str(run)]
        for setting in self.given.get("settings") or ():
            words += ["--set", setting]
        return words

    def run_of(self, target: str) -> str:
        """The folder of the run that a recipe, or the folder itself, names."""
        run = self.given.get("run")
        return str(run) if run else str(Path("runs", Path(target).stem))

    def without(self, flag: str, *more: str) -> list[str]:
        """The command again, less a flag that only looked, and what the real one needs."""
        return [self.name, *(word for word in self.words if word != flag), *more]


def show_next(ended: EndedCommand) -> None:
    """Print the next command, where a person reads."""
    if ended.given.get("json") or ended.given.get("quiet") or not is_first_rank():
        return
    if words := next_words(ended):
        print(f"next: tunesmith {shlex.join(words)}", file=sys.stderr, flush=True)


def next_words(ended: EndedCommand) -> Words:
    """What comes next, without the program's name; empty where nothing does."""
    return _NEXT[ended.name](ended) if ended.name in _NEXT else ()


def _after_import(ended: EndedCommand) -> Words:
    if ended.given.get("check"):
        return ended.without("--check", "-o", "examples.jsonl")
    return ("init", "--data", str(ended.given["out"]))


def _after_teach(ended: EndedCommand) -> Words:
    if ended.given.get("check"):
        return ended.without("--check", "--dry-run")
    if ended.given.get("dry_run"):
        return ended.without(
            "--dry-run", *(() if ended.given.get("out") else ("-o", "pairs.jsonl"))
        )
    return ("init", "--data", str(ended.given["out"]))


def _after_evaluate(ended: EndedCommand) -> Words:
    if ended.given.get("answers"):
        return ()  # nothing was tuned
    if ended.given.get("check_judge"):
        return ended.without("--check-judge")
    if ended.given.get("before"):
        return ("run", *ended.recipe)
    return ("report", *_recipe_alone(ended))


def _recipe_alone(ended: EndedCommand) -> Words:
    """The recipe with its run, for a command that takes no settings."""
    run = ended.given.get("run")
    return (str(ended.given["recipe"]), *(("--run", str(run)) if run else ()))


def _after_preview(ended: EndedCommand) -> Words:
    targets = ended.given["targets"]
    recipes = [target for target in targets if is_recipe(target)]
    if recipes:
        return ("run", recipes[-1])
    return ("init", *(word for target in targets for word in ("--data", target)))


def _after_answer(ended: EndedCommand) -> Words:
    if ended.given.get("input_file") is None:
        return ("evaluate", *ended.recipe)
    return _chat(ended, str(ended.given["target"]))


def _after_ask(ended: EndedCommand) -> Words:
    names = [name.strip() for name in ended.given["models"].split(",") if name.strip()]
    run = ended.given.get("run")
    return ("chat", names[-1], *(("--run", str(run)) if run else ()))


def _after_chat(ended: EndedCommand) -> Words:
    model = str(ended.given["model"])
    return ("report", model) if Path(model, "recipe.yaml").is_file() else ("init",)


def _after_compare(ended: EndedCommand) -> Words:
    return _chat(ended, str(ended.given["runs"][-1]))


_MODELS = ("safetensors", "gguf", "ollama", "mlx")


def _after_export(ended: EndedCommand) -> Words:
    """A recipe puts the exported model into the scores; a run's folder alone cannot."""
    target = str(ended.given["target"])
    if ended.given["to"] not in _MODELS:
        return ()
    return ("run", *ended.recipe) if is_recipe(target) else ("report", target)


def _after_next(ended: EndedCommand) -> Words:
    """The next recipe's run, where its name was given; it says the name itself where it was not."""
    if ended.given.get("dry_run"):
        return ended.without("--dry-run")
    out = ended.given.get("out")
    return ("run", str(out)) if out else ("studio", _run_target(ended))


def _run_target(ended: EndedCommand) -> str:
    """The folder of the run that a command was given, by itself or by its recipe."""
    target = str(ended.given["target"])
    return ended.run_of(target) if is_recipe(target) else str(ended.given.get("run") or target)


def _chat(ended: EndedCommand, target: str) -> Words:
    return ("chat", ended.run_of(target) if is_recipe(target) else target)


_NEXT: Mapping[str, Callable[[EndedCommand], Words]] = {
    "demo": lambda ended: ("serve", ended.run_of("demo")),
    "import": _after_import,
    "teach": _after_teach,
    "run": lambda ended: ("chat", ended.run_of(str(ended.given["recipe"]))),
    "prepare": lambda ended: ("forecast", *ended.recipe),
    "forecast": lambda ended: ("run", *ended.recipe),
    "curve": lambda ended: _chat(ended, str(ended.given["recipe"])),
    "train": lambda ended: ("evaluate", *ended.recipe),
    "answer": _after_answer,
    "evaluate": _after_evaluate,
    "report": lambda ended: _chat(ended, str(ended.given["run"] or ended.given["target"])),
    "publish": lambda ended: (
        "chat" if ended.given["model"] else "preview",
        str(ended.given["repo"]),
    ),
    "preview": _after_preview,
    "compare": _after_compare,
    "ask": _after_ask,
    "check": lambda ended: _chat(ended, str(ended.given["run"] or ended.given["target"])),
    "chat": _after_chat,
    "export": _after_export,
    "serve": lambda ended: ("chat", str(ended.given["models"][0])),
    "review": lambda ended: ("next", _run_target(ended)),
    "next": _after_next,
    "edit": lambda ended: ("prepare", *_recipe_alone(ended)),
    "arena": lambda ended: ("studio", _run_target(ended)),
    "split": lambda ended: ("run", *ended.recipe),
    "studio": lambda ended: ("studio", *ended.words),  # goes on where it was
    "plugins": lambda _: ("init",),
}
