"""Text that is longer than a row becomes several, and each of its tokens is trained once."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest

from tests.stages.rig import Talk, make_recipe, opened, run_folder, write_rows
from tunesmith.errors import DataError
from tunesmith.recipe.lora_recipe import LoraMethod
from tunesmith.recipe.recipe import TrainingRecipe
from tunesmith.stages.prepare import prepare
from tunesmith.stages.preparing.example_encoder import cut_pieces
from tunesmith.stages.preparing.prepared_files import open_store
from tunesmith.stages.results.prepared import Prepared
from tunesmith.tokens.encode import EncodedExample
from tunesmith.tokens.store import TokenStore
from tunesmith.training.resources.longest_row import longest_row

BEGIN = 256


@pytest.mark.parametrize("length", [11, 12, 19, 20, 21, 57, 200])
@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("limit", [3, 10])
def test_every_token_of_a_long_row_is_a_target_once(length: int, keep: int, limit: int) -> None:
    ids = np.arange(1000, 1000 + length, dtype=np.int32)
    ids[:keep] = BEGIN
    is_trained = np.ones(length, dtype=np.bool_)
    is_trained[4:6] = False
    whole = EncodedExample(ids=ids, is_trained=is_trained)
    pieces = cut_pieces(whole, limit, keep=keep)
    targets = [
        token
        for piece in pieces
        for token, counts in zip(piece.ids[1:], piece.is_trained[1:], strict=True)
        if counts
    ]
    assert targets == ids[1:][is_trained[1:]].tolist()
    for piece in pieces:
        assert len(piece.ids) <= limit
        assert piece.ids[:keep].tolist() == [BEGIN] * keep
        # What stands before a target is what stands before it in the whole row.
        for token, before, counts in zip(
            piece.ids[1:], piece.ids[:-1], piece.is_trained[1:], strict=True
        ):
            assert not counts or before == ids[ids.tolist().index(token) - 1]


def _prepared(
    root: Path, model: Path, rows: list[dict[str, str]], **sections: Any
) -> tuple[Prepared, TokenStore, Talk]:
    data, talk, folder = write_rows(root / "rows.jsonl", rows), Talk(), run_folder(root / "run")
    recipe = make_recipe(model, data, **sections)
    result = prepare(opened(recipe, folder, root, talk))
    return result, open_store(folder, "train"), talk


@pytest.mark.parametrize("policy", ["drop", "cut-context"])
def test_long_text_is_cut_into_rows_and_never_dropped(
    tiny_folder: Path, tmp_path: Path, policy: str
) -> None:
    texts = [{"text": letter * size} for letter, size in (("a", 20), ("b", 99), ("c", 350))]
    training = {"max_tokens": 100, "when_too_long": policy}
    template = {"name": "plain"}
    result, store, talk = _prepared(
        tmp_path, tiny_folder, texts, training=training, template=template
    )
    assert result.dropped == {}
    whole = sum(len(row["text"]) + 1 for row in texts)  # each with its end
    assert int(store.num_targets.sum()) == whole - 3  # a first token has nothing before it
    assert store.lengths.max() == 100
    assert any("1 texts are longer than 100 tokens" in note for note in talk.notes)
    names = [store.example_id(row) for row in range(len(store))]
    assert len(set(names)) == 3 < len(names)


def test_long_text_is_an_error_where_the_recipe_says_so(tiny_folder: Path, tmp_path: Path) -> None:
    training = {"max_tokens": 100, "when_too_long": "error"}
    with pytest.raises(DataError, match="too long"):
        _prepared(
            tmp_path,
            tiny_folder,
            [{"text": "c" * 350}],
            training=training,
            template={"name": "plain"},
        )


def test_pairs_may_be_as_long_as_the_model_reads(tiny_folder: Path, tmp_path: Path) -> None:
    rows = [
        {"instruction": "x" * size, "response": "yes"} for size in (10, 470, 600)
    ]  # the model reads 512
    result, store, _ = _prepared(tmp_path, tiny_folder, rows)
    assert result.dropped == {"too long": 1}
    assert store.lengths.max() > 470


SHAPE = SimpleNamespace(
    hidden_size=4096, num_hidden_layers=32, intermediate_size=14336, vocab_size=128_256
)
CONFIG = SimpleNamespace(get_text_config=lambda: SHAPE)


def test_a_row_is_no_longer_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    lora = TrainingRecipe(method=LoraMethod())
    found = []
    for gigabytes in (24, 64, 1024):
        memory = SimpleNamespace(total=gigabytes * 2**30)
        monkeypatch.setattr(psutil, "virtual_memory", lambda memory=memory: memory)
        found.append(longest_row(CONFIG, lora, device="cpu"))
    assert found[0] == 512, "the weights alone do not fit"
    assert 512 < found[1] < found[2]
    full = TrainingRecipe(memory="64 GiB")
    assert longest_row(CONFIG, full, device="cpu") < found[1], "moments take room too"
    named = TrainingRecipe(method=LoraMethod(), memory="64 GiB")
    assert longest_row(CONFIG, named, device="cpu") == found[1]
