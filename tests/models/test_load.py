"""Names of models, what is refused, and in which words."""

import json
from pathlib import Path

import pytest
import torch

from tests.tiny import byte_tokenizer, save_tiny_model, tiny_network
from tunesmith.errors import MissingError, RemoteError
from tunesmith.models.load import STARTER_FOLDER, find_model, load_error, load_network


def test_a_name_of_one_or_two_parts_is_a_hub_id() -> None:
    place = find_model("nobody/no-such-model", revision="abc")
    assert (place.path, place.revision) == ("nobody/no-such-model", "abc")
    assert place.folder is None
    assert place.contract is None
    assert find_model("gpt2-of-nobody").path == "gpt2-of-nobody"


def test_starter_is_the_model_that_ships() -> None:
    assert find_model("starter").path == str(STARTER_FOLDER)


def test_a_run_gives_its_model_folder(tmp_path: Path) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "adapter_config.json").write_text("{}")
    place = find_model(str(tmp_path / "run"))
    assert place.folder == tmp_path / "run" / "model"


def test_a_folder_gives_itself_and_its_contract(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert find_model(str(tmp_path)).folder == tmp_path
    assert find_model(str(tmp_path)).contract is None
    (tmp_path / "tunesmith.json").write_text(json.dumps({"template": "chat"}))
    assert find_model(str(tmp_path)).contract == {"template": "chat"}


def test_a_folder_without_a_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"no config\.json and no adapter_config\.json") as error:
        find_model(str(tmp_path))
    assert error.value.where == str(tmp_path)
    assert error.value.cure


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/no-such-folder", "a/b/c"])
def test_a_name_that_looks_like_a_path_is_not_sought_on_the_hub(name: str) -> None:
    with pytest.raises(MissingError, match="no such model folder") as error:
        find_model(name)
    assert error.value.where == name


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"x")
    with pytest.raises(MissingError, match="no such model folder"):
        find_model(str(tmp_path / "model.gguf"))


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        (
            "We couldn't connect to 'https://huggingface.co'\nto load the files",
            RemoteError,
            "model m: the Hugging Face Hub did not answer (We couldn't connect to "
            "'https://huggingface.co' to load the files). Check the network, or name a local "
            "folder.",
        ),
        (
            "Cannot reach the Hub in Offline mode",
            RemoteError,
            "model m: the Hugging Face Hub did not answer (Cannot reach the Hub in Offline mode). "
            "Check the network, or name a local folder.",
        ),
        (
            "no file named model.safetensors",
            MissingError,
            "model m: no safetensors weights (no file named model.safetensors). Pickled weights "
            "are not loaded; convert the model to safetensors first.",
        ),
        (
            "Unrecognized model",
            MissingError,
            "model m: cannot be loaded (Unrecognized model). Name starter, a run, a folder with "
            "config.json, or a Hub id.",
        ),
    ],
)
def test_the_reason_is_told_with_a_cure(text: str, kind: type, expected: str) -> None:
    error = load_error("m", OSError(text))
    assert type(error) is kind
    assert str(error) == expected


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    network = tiny_network("llama")
    network.config.save_pretrained(tmp_path)
    byte_tokenizer().save_pretrained(tmp_path)
    torch.save(network.state_dict(), tmp_path / "pytorch_model.bin")
    with pytest.raises(MissingError, match="no safetensors weights") as error:
        load_network(find_model(str(tmp_path)))
    assert "Pickled weights are not loaded" in error.value.cure


def test_an_unknown_kind_of_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no-such-family"}')
    with pytest.raises(MissingError, match="cannot be loaded"):
        load_network(find_model(str(tmp_path)))


def test_half_precision_weights_are_loaded_in_fp32(tmp_path: Path) -> None:
    tiny_network("llama").to(torch.bfloat16).save_pretrained(tmp_path)
    network = load_network(find_model(str(tmp_path)))
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    assert not network.training


def test_random_weights_take_the_shape_and_follow_the_seed(tmp_path: Path) -> None:
    save_tiny_model(tmp_path, "llama", seed=5)
    place = find_model(str(tmp_path))
    saved = load_network(place).model.embed_tokens.weight
    drawn = []
    for _ in range(2):
        torch.manual_seed(1)
        network = load_network(place, has_random_weights=True)
        drawn.append(network.model.embed_tokens.weight)
    assert torch.equal(drawn[0], drawn[1])
    assert drawn[0].shape == saved.shape
    assert not torch.equal(drawn[0], saved)
