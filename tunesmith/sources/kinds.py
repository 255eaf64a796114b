"""A source of a recipe -> its kind, and in words why it is read so."""

from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import DataError
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.chunks import check_file
from tunesmith.sources.detect import detect_kind

# What the content of a file of each kind shows; detection looks for just that.
REASONS = {
    "json": "it holds one JSON value, a list of rows",
    "jsonl": "its lines are JSON objects",
    "csv": "it is a table of text with a header",
    "tsv": "it is a table of text with tabs and a header",
    "parquet": "it begins with Parquet's mark",
    "faq": "its headings or marks ask questions that the text below answers",
    "document": "it is a text with headings",
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
    """
    if source.path is None:
        return ReadAs(name=source.hub or "", kind="hub", reason="it is a data set on the Hub")
    if source.kind is not None:
        return ReadAs(name=source.path, kind=source.kind, reason="that kind was asked for")
    path = folder / source.path
    if not path.is_dir():
        check_file(path, source.path)
    try:
        kind = detect_kind(path, source.path)
    except DataError:
        if not path.is_dir():
            raise
        return ReadAs(name=source.path, kind="folder", reason="each file in it by its own kind")
    return ReadAs(name=source.path, kind=kind, reason=REASONS[kind])
