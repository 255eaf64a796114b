"""A source of a recipe -> its kind, and in words why it is read so."""

from dataclasses import dataclass
from pathlib import Path

from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.chunks import check_file
from tunesmith.sources.pages.pages import find_page_kind
from tunesmith.sources.read_source import holds_pages, refuse_teacher, source_kind

# What the content of a file of each kind shows; detection looks for just that. A page says itself.
REASONS = {
    "json": "it holds one JSON value, a list of rows",
    "jsonl": "its lines are JSON objects",
    "csv": "it is a table of text with a header",
    "tsv": "it is a table of text with tabs and a header",
    "parquet": "it begins with Parquet's mark",
    "slack": "it holds a Slack export's channels with a file a day",
    "dialogues": "its rows are turns of conversations, with who speaks",
    "mbox": "it begins as a mailbox, with From and headers",
    "whatsapp": "its lines begin with a date, a time and a name",
    "messenger": "it holds participants and messages, as Messenger exports them",
    "irc": "its lines begin with a time and a nick",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """How a source is read; `reason` ends a sentence such as "a.md is read as faq: ..."."""

    name: str
    kind: str
    reason: str


def explain_source(source: SourceRecipe, *, folder: Path) -> ReadAs:
    """Say of what kind a source is; whether it can be read shows when it is opened.

    Raises:
        MissingError: There is no such file.
        DataError: It is of no kind that Tunesmith reads.
        RecipeError: It is a teacher.
    """
    refuse_teacher(source)
    if source.path is None:
        return ReadAs(name=source.hub or "", kind="hub", reason="it is a data set on the Hub")
    if source.kind is not None:
        return ReadAs(name=source.path, kind=source.kind, reason="that kind was asked for")
    path, name = folder / source.path, source.path
    if holds_pages(path, name, None):
        return ReadAs(name=name, kind="folder", reason="each page in it by its own kind")
    check_file(path, name)
    kind = source_kind(path, name, {str(ours): theirs for ours, theirs in source.fields.items()})
    is_page = kind in ("faq", "document")
    reason = find_page_kind(path, name).reason if is_page else REASONS[kind]
    return ReadAs(name=name, kind=kind, reason=reason)
