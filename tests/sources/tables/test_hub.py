"""Hub data sets, shown on a local folder: the network is not asked."""

import itertools
import json
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.sources.reading import fields_of
from tunesmith.errors import DataError, MissingError, RecipeError, RemoteError
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.read_source import read_source

ROWS = [{"question": f"q{n}", "answer": f"a{n}"} for n in range(10)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "faq").mkdir()
    for split, rows in {"train": ROWS, "test": ROWS[:2]}.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "faq" / f"{split}.jsonl").write_text(text)
    return tmp_path


@pytest.mark.parametrize("stream", [False, True])
def test_a_data_set_is_read_by_split_and_limit(folder: Path, stream: bool) -> None:
    recipe = SourceRecipe(hub="faq", stream=stream, limit=4)
    items = list(read_source(recipe, folder=folder))
    assert fields_of(items) == ROWS[:4]
    assert items[3].source == "faq:train row 4"
    recipe = SourceRecipe(hub="faq", stream=stream, split="test")
    assert fields_of(list(read_source(recipe, folder=folder))) == ROWS[:2]


@pytest.mark.parametrize("stream", [False, True])
def test_files_packed_with_zstandard_are_read(folder: Path, stream: bool) -> None:
    for file in (folder / "faq").iterdir():
        packed = zstandard.ZstdCompressor().compress(file.read_bytes())
        file.with_name(f"{file.name}.zst").write_bytes(packed)
        file.unlink()
    items = list(read_source(SourceRecipe(hub="faq", stream=stream), folder=folder))
    assert fields_of(items) == ROWS


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (SourceRecipe(hub="faq", split="dev"), r"dev.*train"),
        (SourceRecipe(hub="faq", split="dev", stream=True), r"dev.*train"),
        (SourceRecipe(hub="faq", config="large"), "'large' not found"),
    ],
)
def test_a_wrong_name_in_the_recipe_is_named_with_the_choices(
    folder: Path, recipe: SourceRecipe, words: str
) -> None:
    with pytest.raises(RecipeError, match=words):
        read_source(recipe, folder=folder)


def test_a_data_set_that_is_neither_here_nor_reachable_says_so(folder: Path) -> None:
    with pytest.raises(RemoteError, match=r"someone/faq: .*HF_HUB_OFFLINE"):
        read_source(SourceRecipe(hub="someone/faq"), folder=folder)


def test_a_folder_without_data_is_missing(folder: Path) -> None:
    (folder / "nothing").mkdir()
    with pytest.raises(MissingError, match="nothing: no such data set"):
        read_source(SourceRecipe(hub="nothing"), folder=folder)


def test_a_program_in_a_data_set_is_not_run(folder: Path) -> None:
    (folder / "script").mkdir()
    program = "from pathlib import Path\nPath('ran').touch()\n"
    (folder / "script" / "script.py").write_text(program)
    with pytest.raises(DataError, match="scripts are no longer supported"):
        read_source(SourceRecipe(hub="script"), folder=folder)
    assert not Path("ran").exists()


@pytest.mark.parametrize("stream", [False, True])
def test_a_damaged_data_set_is_refused_with_the_way_around(folder: Path, stream: bool) -> None:
    (folder / "faq" / "train.jsonl").write_text('{"question": "q"}\n{"question": \n')
    with pytest.raises(DataError, match="cannot be read") as caught:
        list(read_source(SourceRecipe(hub="faq", stream=stream), folder=folder))
    assert "path:" in (caught.value.cure or "")


@pytest.fixture
def labelled(folder: Path) -> Path:
    """Numbers that bear names, also within a list and an object; -1 bears none."""
    names = datasets.ClassLabel(names=["no", "yes"])
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": names,
            "tags": datasets.List(names),
            "meta": {"label": names, "page": datasets.Value("int64")},
        }
    )
    rows = {
        "text": ["a", "b"],
        "label": [1, -1],
        "tags": [[0, 1], []],
        "meta": [{"label": 1, "page": 1}, {"label": 0, "page": 0}],
    }
    table = datasets.Dataset.from_dict(rows, features=features)
    table.to_parquet(folder / "labelled" / "train.parquet")
    return folder


@pytest.mark.parametrize("stream", [False, True])
def test_numbered_labels_come_as_their_names(labelled: Path, stream: bool) -> None:
    recipe = SourceRecipe(hub="labelled", stream=stream)
    assert fields_of(list(read_source(recipe, folder=labelled))) == [
        {"text": "a", "label": "yes", "tags": ["no", "yes"], "meta": {"label": "yes", "page": 1}},
        {"text": "b", "label": None, "tags": [], "meta": {"label": "no", "page": 0}},
    ]


@pytest.mark.parametrize(
    "names", [{"task": "sentiment", "labels": ["bad", "good"]}, {"prompts": "prompts.yaml"}]
)
def test_numbers_stay_where_the_recipe_or_a_template_counts(
    labelled: Path, names: dict[str, Any]
) -> None:
    recipe = SourceRecipe(hub="labelled", **names)
    rows = fields_of(list(read_source(recipe, folder=labelled)))
    assert [row["label"] for row in rows] == [1, -1]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (datasets.Image(), "pictures"),
        (datasets.Audio(), "sound"),
        (datasets.List(datasets.Image()), "pictures"),
        ({"inner": datasets.Image()}, "pictures"),
    ],
)
def test_what_is_no_text_is_refused_before_it_is_decoded(
    folder: Path, feature: Any, words: str, stream: bool
) -> None:
    features = datasets.Features({"caption": datasets.Value("string"), "media": feature})
    table = pa.table({"caption": ["a"], "media": pa.nulls(1, features.arrow_schema.types[1])})
    (folder / "media").mkdir()
    pq.write_table(
        table.replace_schema_metadata(features.arrow_schema.metadata),
        folder / "media" / "train.parquet",
    )
    with pytest.raises(DataError, match=f"media: the column 'media' holds {words}, no text"):
        read_source(SourceRecipe(hub="media", stream=stream), folder=folder)


def test_streaming_holds_a_few_pieces_of_the_file_at_a_time(folder: Path) -> None:
    """Arrow's own scanner ran ahead and held the whole of this file."""
    (folder / "large").mkdir()
    texts = [f"{number:05d}" * 80 for number in range(40_000)]
    table = pa.table({"question": texts, "answer": texts})
    pq.write_table(table, folder / "large" / "train.parquet", row_group_size=5_000)
    size = table.nbytes
    del table, texts
    before, most = pa.total_allocated_bytes(), 0
    rows = read_source(SourceRecipe(hub="large", stream=True), folder=folder)
    for number, _ in enumerate(itertools.islice(rows, 15_000)):
        if number % 50 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    assert 0 < most < 0.25 * size


def test_a_limit_stops_a_stream(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows beyond the limit are not even read: an endless stream ends."""
    read: list[int] = []

    class Endless:
        features = None

        def __iter__(self) -> Any:
            for number in range(10**9):
                read.append(number)
                yield {"question": "q", "answer": str(number)}

    monkeypatch.setattr("tunesmith.sources.tables.hub._load", lambda *_: Endless())
    recipe = SourceRecipe(hub="endless", stream=True, limit=3)
    assert len(list(read_source(recipe, folder=folder))) == 3
    assert len(read) == 3
