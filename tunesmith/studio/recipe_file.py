"""A recipe's file -> its text and a mark of it; a new text -> the file, unless it has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tunesmith.errors import MissingError, RecipeError
from tunesmith.files import atomic_file, hash_bytes, raise_disk_full
from tunesmith.recipe.load_recipe import MAX_BYTES
from tunesmith.studio.workspace import alone_in

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeText:
    """What a recipe's file holds.

    Attributes:
        text: With line feeds alone, without a byte-order mark.
        mark: By which one sees that it has changed.
        has_returns: Whether its lines end as on Windows.
        has_bom: Whether it begins with a byte-order mark.
    """

    text: str
    mark: str
    has_returns: bool = False
    has_bom: bool = False

    def bytes_of(self, text: str) -> bytes:
        """Another text as such a file holds it."""
        written = text.replace("\n", "\r\n") if self.has_returns else text
        return (_BOM * self.has_bom + written).encode("utf-8")


class ChangedMeanwhileError(RecipeError):
    """Somebody else has saved the file since it was read; `theirs` is what they wrote."""

    theirs: RecipeText


def read_recipe_text(path: Path) -> RecipeText:
    """Read a recipe to be edited.

    Raises:
        MissingError: It is gone.
        RecipeError: It is no text.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except FileNotFoundError:
        raise MissingError("no such recipe any more", where=path.name) from None
    except (OSError, UnicodeDecodeError) as error:
        cure = "Open it in an editor."
        raise RecipeError(f"cannot be read ({error})", where=path.name, cure=cure) from None
    return RecipeText(
        text=text.removeprefix(_BOM).replace("\r\n", "\n"),
        mark=hash_bytes(content),
        has_returns="\r\n" in text,
        has_bom=text.startswith(_BOM),
    )


def save_recipe_text(path: Path, text: str, *, seen: str) -> RecipeText:
    """Put a text in the place of another, whole or not at all.

    Args:
        path: The recipe.
        text: All of it.
        seen: The mark of what the writer had before him.

    Returns:
        What stands there now.

    Raises:
        ChangedMeanwhileError: It is not what stands there any more.
        RecipeError: It cannot be written.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise RecipeError("larger than 1 MB, so it is no recipe", where=path.name)
    with _saving(path):
        before = read_recipe_text(path)
        if before.text == text:
            return before
        if before.mark != seen:
            fault = ChangedMeanwhileError("was saved by somebody else meanwhile", where=path.name)
            fault.theirs = before
            raise fault
        with atomic_file(path.resolve()) as stream:
            stream.write(before.bytes_of(text))
        return read_recipe_text(path)


@contextmanager
def _saving(path: Path) -> Iterator[None]:
    """Nobody else saves in this folder; what the disk refuses is said."""
    try:
        with alone_in(path.resolve().parent):
            yield
    except UnicodeEncodeError:
        raise RecipeError("holds half a character", where=path.name, cure="Type it anew.") from None
    except OSError as error:
        raise_disk_full(error, path)
        cure = "Look at who may write there."
        raise RecipeError(
            f"cannot be saved ({error.strerror})", where=path.name, cure=cure
        ) from None
