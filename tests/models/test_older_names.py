"""Older readers find their names in `config.json`, and transformers reads the same as before."""

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoConfig

from tests.export.gguf_files.tiny_gguf import ROPE, STRETCHED
from tests.tiny import byte_tokenizer, tiny_config, tiny_network
from tunesmith.models.forward import choose_layout
from tunesmith.models.load import find_model, load_network
from tunesmith.models.older_names import with_older_names
from tunesmith.models.save import RenderingContract, save_model

CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "llama": ("llama", {}, {"rope_theta": 10_000.0}),
    "stretched llama": (
        "llama",
        {"rope_parameters": STRETCHED["llama3"]},
        {
            "rope_theta": 500_000.0,
            "rope_scaling": {
                "rope_type": "llama3",
                "factor": ROPE["factor"],
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            },
        },
    ),
    "gemma3": (
        "gemma3_text",
        {},
        {"rope_theta": 1e6, "rope_local_base_freq": 1e4, "sliding_window_pattern": 6},
    ),
    "gpt_neox": ("gpt_neox", {}, {"rotary_emb_base": 10_000, "rotary_pct": 0.25}),
    "gpt2": ("gpt2", {}, {"n_ctx": 512}),
}


@pytest.mark.parametrize("case", list(CASES))
def test_older_names_stand_beside_the_new_ones(case: str, tmp_path: Path) -> None:
    family, changes, wanted = CASES[case]
    made: Any = tiny_config(family, **changes)
    made.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    written = json.loads(path.read_text())
    told = with_older_names(written)
    assert {name: told[name] for name in wanted} == wanted
    assert written.items() <= told.items()
    path.write_text(json.dumps(told))
    read = AutoConfig.from_pretrained(tmp_path).to_dict()
    assert read["model_type"] == family
    assert read.get("rope_parameters") == made.to_dict().get("rope_parameters")


def test_a_name_that_stands_there_is_left_as_it_is() -> None:
    rope = {"rope_type": "default", "rope_theta": 5.0}
    assert with_older_names({"rope_theta": 7.0, "rope_parameters": rope})["rope_theta"] == 7.0
    assert with_older_names({"model_type": "mamba"}) == {"model_type": "mamba"}


def test_a_saved_model_is_read_by_older_readers_and_saved_again_the_same(tmp_path: Path) -> None:
    """A run's own folder too: MLX would turn its positions by defaults."""
    network = tiny_network("llama", rope_parameters=STRETCHED["llama3"])
    contract = RenderingContract(
        tokenizer=byte_tokenizer(), chat_template="", stop_ids=[257], contract={}
    )
    told = []
    for name in ("first", "second"):
        save_model(choose_layout(network), tmp_path / name, contract=contract)
        told.append(json.loads((tmp_path / name / "config.json").read_text()))
        network = load_network(find_model(str(tmp_path / name)))
    assert (told[0]["rope_theta"], told[0]["rope_scaling"]["rope_type"]) == (500_000.0, "llama3")
    assert told[0] == told[1]
