"""The data of a run, or a file of examples -> a data set on the Hub with a card."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.errors import DataError, MissingError, RefusedError
from tunesmith.examples.example import Example
from tunesmith.examples.redaction.leaks import Leaks, find_leaks
from tunesmith.examples.splitting.split import SPLITS
from tunesmith.export.data_files import find_layout, write_parquet
from tunesmith.export.dataset_card import CardFacts, dataset_card
from tunesmith.export.upload import Upload, check_repo_name, hub_token, upload_files
from tunesmith.files import read_json, read_json_lines, write_text
from tunesmith.stages.execution.progress import Progress, SilentProgress
from tunesmith.stages.execution.run_folder import RunFolder
from tunesmith.stages.results.compared import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What the user said of a data set that is published.

    Attributes:
        repo: `name/of-data-set`.
        is_public: Whether everybody may read it.
        license: As the Hub names it.
        force: A reason to publish what still holds people's data.
        endpoint: The Hub's address; None is the one of HF_ENDPOINT.
    """

    repo: str
    is_public: bool = False
    license: str | None = None
    force: str | None = None
    endpoint: str | None = None


def publish_data(
    source: RunFolder | Path, how: Publication, *, progress: Progress | None = None
) -> Published:
    """Check that nothing secret goes out, then upload every split and a card.

    Args:
        source: A prepared run; or a file of examples, as `tunesmith import` writes it.
        how: Where to and for whom.
        progress: Told of the steps.

    Raises:
        RefusedError: A row holds an address, a number or a key; or the data set is public.
        MissingError: Nothing is prepared there, or there is no key for the Hub.
        RemoteError: The Hub cannot be reached.
    """
    told = progress or SilentProgress()
    check_repo_name(how.repo)
    token = hub_token()
    files = _files(source)
    told.start("looking for what must not go out", None)
    leaks = find_leaks(_all(files), words=token)
    if leaks.num_rows and how.force is None:
        raise _refusal(leaks, source)
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        told.start("writing the files", None)
        rows = _write(Path(folder), files, how, _summary(source))
        told.start("uploading", None)
        written = {
            path.relative_to(folder).as_posix(): path
            for path in Path(folder).rglob("*")
            if path.is_file()
        }
        place = upload_files(written, _upload(how), is_stale=_parquet_names().__contains__)
    told.close()
    forced = how.force or None
    found = dict(leaks.kinds) if forced else None
    return Published(**place, rows=rows, forced=forced, leaks=found)


def _files(source: RunFolder | Path) -> dict[str, Path]:
    """The file of each split that holds rows; a file of one's own is for training."""
    if isinstance(source, Path):
        named = {"train": source}
    else:
        named = {split: source.examples(split) for split in SPLITS}
    found = {split: path for split, path in named.items() if path.is_file()}
    files = {split: path for split, path in found.items() if path.stat().st_size}
    if not files:
        where = source if isinstance(source, Path) else source.path
        cure = "Run tunesmith prepare RECIPE, or tunesmith import SOURCE -o FILE, first."
        raise MissingError("no examples to publish", where=str(where), cure=cure)
    return files


def _examples(path: Path) -> Iterator[Example]:
    for number, record in enumerate(read_json_lines(path), start=1):
        try:
            yield Example.from_json(record)
        except (KeyError, TypeError) as error:
            raise DataError(
                f"this is no example of Tunesmith's ({error})",
                where=f"{path}:{number}",
                cure=f"Make some: tunesmith import {path.name} -o examples.jsonl",
            ) from None


def _all(files: Mapping[str, Path]) -> Iterator[Example]:
    for path in files.values():
        yield from _examples(path)


def _write(
    folder: Path, files: Mapping[str, Path], how: Publication, summary: Mapping[str, Any]
) -> dict[str, int]:
    layout = find_layout(_all(files))
    rows = {
        split: write_parquet(folder / "data" / f"{split}.parquet", _examples(path), layout)
        for split, path in files.items()
    }
    facts = CardFacts(
        repo=how.repo, splits=rows, columns=layout.names, summary=summary, license=how.license
    )
    write_text(folder / "README.md", dataset_card(facts))
    return rows


def _summary(source: RunFolder | Path) -> dict[str, Any]:
    if isinstance(source, Path) or not source.summary.is_file():
        return {}
    return dict(read_json(source.summary))


def _parquet_names() -> set[str]:
    return {f"data/{split}.parquet" for split in SPLITS}


def _upload(how: Publication) -> Upload:
    return Upload(
        repo=how.repo,
        is_public=how.is_public,
        message="Publish data prepared by Tunesmith",
        description=f"Forced: {how.force}" if how.force else "",
        endpoint=how.endpoint,
    )


def _refusal(leaks: Leaks, source: RunFolder | Path) -> RefusedError:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in leaks.kinds.most_common())
    places = "".join(f"\n  {place}" for place in leaks.places)
    return RefusedError(
        f"{leaks.num_rows:,} rows hold what should not go out ({kinds}):{places}\n",
        where=str(source if isinstance(source, Path) else source.path),
        cure="Name these kinds in examples.redact and prepare again; or give a reason to "
        "publish them with --force REASON.",
    )
