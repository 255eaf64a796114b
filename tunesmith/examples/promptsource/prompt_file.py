"""A YAML file in promptsource's format -> prompt templates that are ready to render rows.

The format: https://github.com/bigscience-workshop/promptsource. Each template is Jinja with
`|||` between prompt and target; `answer_choices` is Jinja too. Whatever is unsafe in it
meets the sandbox; a template that is no Jinja is told by name, and costs only itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from tunesmith.errors import MissingError, RecipeError
from tunesmith.recipe.mistakes import raise_mistakes
from tunesmith.recipe.yaml_text import YamlDocument, describe_yaml_error, key_places, read_yaml
from tunesmith.sandbox.compiled_template import CompiledTemplate, compile_template
from tunesmith.sources.row import Dropped, RowError

SEPARATOR = "|||"
CANNOT_RUN = "prompt template cannot run"
_TAGS = frozenset({"!Template", "!TemplateMetadata"})
_MAX_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """One template of a file in promptsource's format.

    Attributes:
        name: As the file calls it, for people.
        label: Data set and name: what examples are tagged with.
        body: Prompt and target, one template.
        choices: What `answer_choices` is: texts, or a template that makes them of a row.
        source: The file and the line.
    """

    name: str
    label: str
    body: CompiledTemplate
    choices: tuple[str, ...] | CompiledTemplate | None
    source: str

    @property
    def columns(self) -> frozenset[str]:
        """The columns it reads."""
        names = self.body.variables - {"answer_choices"}
        return names | (
            self.choices.variables if isinstance(self.choices, CompiledTemplate) else set()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile:
    """The templates of such a file, and why others in it are out of question."""

    prompts: tuple[PromptTemplate, ...]
    broken: tuple[Dropped, ...]


def read_prompt_file(path: Path, name: str, *, names: Sequence[str] | None = None) -> PromptFile:
    """Read and compile the templates.

    Args:
        path: The file.
        name: What errors call it.
        names: Templates to take; None is all.

    Raises:
        MissingError: There is no such file.
        RecipeError: It is in another format, one of `names` is unknown or broken, or no
            template is left.
    """
    document = _document(path, name)
    written: Any = document.value
    if not isinstance(written, dict) or not isinstance(written.get("templates"), dict):
        raise RecipeError(
            "not in promptsource's format: there is no group `templates`",
            where=name,
            cure="Write dataset: NAME and templates: {id: {name, jinja, answer_choices}}.",
        )
    records = {key: one for key, one in written["templates"].items() if isinstance(one, dict)}
    chosen = _chosen(records, names, name)
    prompts, broken = [], []
    for key, record in chosen.items():
        source = f"{name}:{document.lines[('templates', key)]}"
        try:
            prompts.append(_prompt(record, str(written.get("dataset", path.stem)), source))
        except RecipeError as error:
            if names is not None:
                raise
            broken.append(_broken(record, error.message, source))
    if not prompts:
        reason = broken[0].detail if broken else "it holds none"
        raise RecipeError(f"no prompt template can run: {reason}", where=name)
    return PromptFile(prompts=tuple(prompts), broken=tuple(broken))


def _document(path: Path, name: str) -> YamlDocument:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise RecipeError("larger than 8 MB, so it holds no prompt templates", where=name)
        document = read_yaml(path.read_text(encoding="utf-8-sig"), tags=_TAGS)
    except FileNotFoundError:
        raise MissingError("no such file of prompt templates", where=name) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"cannot be read ({error})", where=name) from None
    except yaml.YAMLError as error:
        line, problem = describe_yaml_error(error)
        where = f"{name}:{line}" if line else name
        raise RecipeError(f"not valid YAML: {problem}", where=where) from None
    raise_mistakes(document.mistakes, name, key_places(name, document.lines))
    return document


def _chosen(
    records: Mapping[str, Mapping[str, Any]], names: Sequence[str] | None, where: str
) -> dict[str, Mapping[str, Any]]:
    if names is None:
        return dict(records)
    known = {str(record.get("name")) for record in records.values()}
    for one in names:
        if one not in known:
            near = get_close_matches(one, known, n=1)
            raise RecipeError(
                f"no prompt template {one!r}. It has: {', '.join(sorted(known))}",
                where=where,
                cure=f"Did you mean {near[0]}?" if near else None,
            )
    return {key: record for key, record in records.items() if str(record.get("name")) in names}


def _prompt(record: Mapping[str, Any], dataset: str, source: str) -> PromptTemplate:
    name, body = str(record.get("name", "")), record.get("jinja")
    if not isinstance(body, str) or SEPARATOR not in body:
        raise RecipeError("there is no target: no ||| in it", where=source)
    return PromptTemplate(
        name=name,
        label=f"{dataset}/{name}",
        body=compile_template(body, where=source, dialect="promptsource"),
        choices=_choices(record.get("answer_choices"), source),
        source=source,
    )


def _choices(written: object, source: str) -> tuple[str, ...] | CompiledTemplate | None:
    if written is None or written == "":
        return None
    text = str(written)
    if "{" in text:
        return compile_template(text, where=source, dialect="promptsource")
    return tuple(one.strip() for one in text.split(SEPARATOR))


def _broken(record: Mapping[str, Any], reason: str, source: str) -> Dropped:
    detail = f"prompt template {record.get('name')!r}: {reason}"
    text = str(record.get("jinja", ""))
    dropped = Dropped.of(RowError(CANNOT_RUN, detail), source=source)
    return replace(dropped, text=text[:200])  # with a line break at its end
