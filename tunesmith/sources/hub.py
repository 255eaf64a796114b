"""A data set on the Hub, or a local folder laid out like one -> rows with their number.

Read through `datasets`; programs that come with a data set are never run.
"""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError, RecipeError, RemoteError
from tunesmith.recipe.recipe import SourceRecipe
from tunesmith.sources.row import Dropped, Row
from tunesmith.sources.tables import checked_row


def read_hub(recipe: SourceRecipe, *, folder: Path) -> Iterator[Row | Dropped]:
    """The rows of one split, streamed where the recipe says so.

    Raises:
        MissingError: There is no such data set, or it needs a login.
        RecipeError: It has no such split or configuration.
        RemoteError: The Hub cannot be reached.
        DataError: It is damaged, or cannot be read without running a program.
    """
    assert recipe.hub is not None
    return _rows(_load(recipe, recipe.hub, folder), recipe, recipe.hub)


def _load(recipe: SourceRecipe, hub: str, folder: Path) -> Iterable[dict[str, Any]]:
    import datasets  # noqa: PLC0415 - heavy

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    local = folder / hub
    with _own_errors(hub):
        table: Iterable[dict[str, Any]] = datasets.load_dataset(
            str(local) if local.is_dir() else hub,
            recipe.config,
            split=recipe.split,
            revision=recipe.revision,
            streaming=recipe.stream,
        )
    return table


def _rows(
    table: Iterable[dict[str, Any]], recipe: SourceRecipe, hub: str
) -> Iterator[Row | Dropped]:
    rows = enumerate(table, start=1)
    while True:
        with _own_errors(hub):
            number, fields = next(rows, (0, None))
        if fields is None:
            return
        yield checked_row(fields, f"{hub}:{recipe.split} row {number}")


@contextlib.contextmanager
def _own_errors(hub: str) -> Iterator[None]:
    """Turn the errors of `datasets` into ours, each with its cure."""
    import httpx2  # noqa: PLC0415 - heavy
    import pyarrow as pa  # noqa: PLC0415
    from datasets.exceptions import DatasetsError  # noqa: PLC0415

    try:
        yield
    except FileNotFoundError as error:
        raise MissingError(
            f"no such data set ({_first_line(error)})",
            where=hub,
            cure="Check the name; for a private or gated one log in with `hf auth login`.",
        ) from error
    except (OSError, httpx2.HTTPError) as error:
        raise RemoteError(
            f"the data set could not be fetched ({_first_line(error)})",
            where=hub,
            cure="Check the network and HF_HUB_OFFLINE, or name a local copy of it.",
        ) from error
    except (DatasetsError, pa.ArrowException, RuntimeError) as error:
        raise DataError(
            f"the data set cannot be read ({_first_line(error.__cause__ or error)})",
            where=hub,
            cure="Name one of its files with path: instead; bad lines then cost only themselves.",
        ) from error
    except ValueError as error:
        raise RecipeError(
            _first_line(error), where=hub, cure="Set split: or config: to one it has."
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
