"""Sources mixed by weight: proportions hold, nothing is repeated, nothing is lost without count."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples.reading import read_all
from tunesmith.errors import DataError, RecipeError
from tunesmith.examples.example import Example
from tunesmith.examples.mix import OVER_WEIGHT, shares
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.sources.row import Dropped


def write(folder: Path, name: str, num_rows: int, *, num_labels: int = 1) -> None:
    rows = (
        {"instruction": f"{name} {n}", "response": str(n * num_labels // num_rows)}
        for n in range(num_rows)
    )
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def read(folder: Path, *sources: dict[str, Any]) -> tuple[list[Example], list[Dropped]]:
    items = list(read_all(recipe_from_mapping({"sources": list(sources)}).sources, folder=folder))
    kept = [item for item in items if isinstance(item, Example)]
    return kept, [item for item in items if isinstance(item, Dropped)]


def by_file(items: list[Any]) -> dict[str, int]:
    return dict(Counter(item.source.partition(":")[0] for item in items))


def test_proportions_are_those_of_the_weights(tmp_path: Path) -> None:
    for name, num_rows in {"a": 100, "b": 1000, "c": 50}.items():
        write(tmp_path, name, num_rows)
    sources = [
        {"path": name, "weight": weight} for name, weight in zip("abc", (1.0, 3, 0.5), strict=True)
    ]
    kept, dropped = read(tmp_path, *sources)
    assert by_file(kept) == {"a": 100, "b": 300, "c": 50}
    assert by_file(dropped) == {"b": 700}
    assert {item.reason for item in dropped} == {OVER_WEIGHT}
    sources_seen = [item.source for item in (*kept, *dropped)]
    assert len(set(sources_seen)) == len(sources_seen) == 1150


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0.01, 100)), min_size=2, max_size=6))
def test_any_weights_hold_within_one_row(drawn: list[tuple[int, float]]) -> None:
    available, weights = [count for count, _ in drawn], [weight for _, weight in drawn]
    kept = shares(available, weights)
    assert all(1 <= one <= count for one, count in zip(kept, available, strict=True))
    assert any(one == count for one, count in zip(kept, available, strict=True))
    total = min(count / weight for count, weight in drawn)
    for one, weight in zip(kept, weights, strict=True):
        assert abs(one - total * weight) <= 1


def test_a_sorted_file_is_thinned_evenly(tmp_path: Path) -> None:
    """The first rows alone would leave most labels out."""
    write(tmp_path, "sorted", 3000, num_labels=10)
    write(tmp_path, "small", 300)
    kept, _ = read(tmp_path, {"path": "sorted", "weight": 1.0}, {"path": "small", "weight": 1.0})
    labels = Counter(one.reference for one in kept if one.source.startswith("sorted"))
    assert labels.total() == 300
    assert len(labels) == 10
    assert all(12 <= count <= 52 for count in labels.values())  # 30 each, four deviations


def test_the_draw_is_the_seeds(tmp_path: Path) -> None:
    write(tmp_path, "a", 200)
    write(tmp_path, "b", 50)

    def drawn(seed: int) -> list[str]:
        weighted = {"path": "a", "weight": 1.0, "seed": seed}
        return [one.source for one in read(tmp_path, weighted, {"path": "b", "weight": 1.0})[0]]

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)


def test_a_source_without_weight_is_read_whole_and_a_limit_goes_before(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path, name, 100)
    kept, dropped = read(
        tmp_path,
        {"path": "a", "weight": 1.0, "limit": 20},
        {"path": "b", "weight": 2.0},
        {"path": "c", "use_as": "test"},
    )
    assert by_file(kept) == {"a": 20, "b": 40, "c": 100}
    assert by_file(dropped) == {"b": 60}


def test_rows_left_out_do_not_stop_the_run(tmp_path: Path) -> None:
    write(tmp_path, "a", 500)
    write(tmp_path, "b", 5)
    kept, dropped = read(tmp_path, {"path": "a", "weight": 1.0}, {"path": "b", "weight": 1.0})
    count = ReadCount()
    for item in (*kept, *dropped):
        count.add(item)
    check_read(count, max_bad=0.0)


def test_only_examples_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "a", 40)
    with (tmp_path / "a").open("a") as stream:
        stream.write("{}\n" * 10)
    write(tmp_path, "b", 40)
    kept, _ = read(tmp_path, {"path": "a", "weight": 1.0}, {"path": "b", "weight": 1.0})
    assert by_file(kept) == {"a": 40, "b": 40}


def test_a_weighted_source_without_examples_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}\n")
    write(tmp_path, "b", 5)
    with pytest.raises(DataError, match="a: has a weight, but holds no example"):
        read(tmp_path, {"path": "a", "weight": 1.0}, {"path": "b", "weight": 1.0})


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([{"path": "a", "weight": 1.0}, {"path": "b"}], "weight has no effect alone"),
        ([{"path": "a", "weight": 0.0}, {"path": "b", "weight": 1.0}], "above 0"),
        (
            [{"hub": "a", "stream": True, "weight": 1.0}, {"path": "b", "weight": 1.0}],
            "weight needs a limit where stream is true",
        ),
    ],
)
def test_weights_without_sense_are_mistakes(sources: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        recipe_from_mapping({"sources": sources})
