"""A data set on the Hub, or a local folder laid out like one -> rows with their number.

Read through `datasets`; programs that come with a data set are never run.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError, RecipeError, RemoteError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.row import Dropped, Row
from tunesmith.sources.tables.parquet_stream import read_in_small_pieces
from tunesmith.sources.tables.tables import checked_row

Namer = Callable[[Any], Any]
_MEDIA = {
    "Audio": "sound",
    "BioStructure": "structures",
    "Image": "pictures",
    "Mesh": "shapes",
    "Nifti": "scans",
    "Pdf": "PDF pages",
    "Video": "films",
}


def read_hub(recipe: SourceRecipe, *, folder: Path) -> Iterator[Row | Dropped]:
    """The rows of one split, streamed where the recipe says so.

    Labels that the data set stores as numbers with names come as their names; -1, which
    means none, as null. They stay numbers where the recipe names them itself, and for
    promptsource's templates, which count.

    Raises:
        MissingError: There is no such data set, or it needs a login.
        RecipeError: It has no such split or configuration.
        RemoteError: The Hub cannot be reached.
        DataError: It is damaged, cannot be read without running a program, or holds pictures,
            sound or other things that are no text.
    """
    assert recipe.hub is not None
    table = _load(recipe, recipe.hub, folder)
    features = table.features or {}
    _refuse_media(features, recipe.hub)
    namers = {}
    if recipe.prompts is None and recipe.labels is None:
        found = {name: label_namer(feature) for name, feature in features.items()}
        namers = {name: namer for name, namer in found.items() if namer is not None}
    return _rows(table, recipe, recipe.hub, namers)


def label_namer(feature: Any) -> Namer | None:
    """What turns a value of this feature into names of labels; None where it holds none."""
    import datasets  # noqa: PLC0415 - heavy

    if isinstance(feature, datasets.ClassLabel):
        return partial(_label_name, names=feature.names)
    if isinstance(feature, datasets.List | datasets.LargeList):
        inner = label_namer(feature.feature)
        return None if inner is None else partial(_each, namer=inner)
    if isinstance(feature, dict):
        found = {name: label_namer(one) for name, one in feature.items()}
        namers = {name: namer for name, namer in found.items() if namer is not None}
        return partial(_members, namers=namers) if namers else None
    return None


def _label_name(value: Any, names: Sequence[str]) -> Any:
    if not isinstance(value, int) or not 0 <= value < len(names):
        return None
    return names[value]


def _each(value: Any, namer: Namer) -> Any:
    return [namer(one) for one in value] if isinstance(value, list) else value


def _members(value: Any, namers: Mapping[str, Namer]) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: namers[key](one) if key in namers else one for key, one in value.items()}


def _refuse_media(features: Mapping[str, Any], hub: str) -> None:
    """Name the first column that would have to be decoded; decoding is never begun."""
    for name, feature in features.items():
        if found := _media_in(feature):
            raise DataError(
                f"the column '{name}' holds {found}, no text",
                where=hub,
                cure="Tunesmith tunes on text; name a data set without that column.",
            )


def _media_in(feature: Any) -> str | None:
    kind = type(feature).__name__
    if kind in _MEDIA:
        return _MEDIA[kind]
    inner = list(feature.values()) if isinstance(feature, dict) else []
    inner += [feature.feature] if hasattr(feature, "feature") else []
    return next((found for one in inner if (found := _media_in(one))), None)


def _load(recipe: SourceRecipe, hub: str, folder: Path) -> Any:
    import datasets  # noqa: PLC0415 - heavy

    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    place = folder / hub
    name = str(place) if place.is_dir() else hub
    with _own_errors(hub):
        if not recipe.stream:
            return datasets.load_dataset(
                name, recipe.config, split=recipe.split, revision=recipe.revision
            )
        builder = datasets.load_dataset_builder(name, recipe.config, revision=recipe.revision)
        read_in_small_pieces(builder)
        return builder.as_streaming_dataset(split=recipe.split)


def _rows(
    table: Iterable[dict[str, Any]], recipe: SourceRecipe, hub: str, namers: Mapping[str, Namer]
) -> Iterator[Row | Dropped]:
    rows = enumerate(table, start=1)
    while True:
        with _own_errors(hub):
            number, fields = next(rows, (0, None))
        if fields is None:
            return
        for name, namer in namers.items():
            fields[name] = namer(fields.get(name))
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
