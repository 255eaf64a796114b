"""Law 11: what was saved and loaded in a fresh process gives the same logits; adapters too."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.forks import ran
from tests.stages.rig import Talk, colour_rows, make_recipe, opened, run_folder, write_rows
from tests.tiny import save_tiny_model
from tunesmith.models.load import find_model, load_network
from tunesmith.stages.train import train
from tunesmith.training.checkpoint import find_newest, load_checkpoint

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated")
IDS = list(range(60, 90))
METHODS = {"full": "full", "lora": {"lora": {"rank": 4}}}
PROGRAM = """
import json, sys, torch
from pathlib import Path
from tunesmith.models.load import find_model, load_network
torch.set_num_threads(1)
for run in sys.argv[2:]:
    network = load_network(find_model(run))
    with torch.no_grad():
        logits = network(input_ids=torch.tensor([json.loads(sys.argv[1])])).logits
    torch.save(logits, Path(run).parent / "logits.pt")
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Trained runs; beside each the logits that one fresh process got from what was saved."""
    found = {}
    for family in ("llama", "gpt2"):
        for name, method in METHODS.items():
            folder = tmp_path_factory.mktemp(f"{family}-{name}")
            found[f"{family} {name}"] = _trained(folder, family, method)
    ran(["-c", PROGRAM, json.dumps(IDS), *map(str, found.values())])
    return found


def _fresh_logits(run: Path) -> torch.Tensor:
    return torch.load(run.parent / "logits.pt", weights_only=True)


def _trained(tmp_path: Path, family: str, method: object) -> Path:
    save_tiny_model(tmp_path / "base", family)
    data = write_rows(tmp_path / "rows.jsonl", colour_rows())
    training = {"steps": 6, "learning_rate": 1e-2, "method": method}
    folder = run_folder(tmp_path / "run")
    recipe = make_recipe(tmp_path / "base", data, training=training)
    train(opened(recipe, folder, recipe_folder=tmp_path, progress=Talk()))
    return folder.path


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_saved_weights_are_the_trained_ones_to_the_bit(runs: dict[str, Path], family: str) -> None:
    run = runs[f"{family} full"]
    newest, _ = find_newest(run / "checkpoints")
    trained = load_checkpoint(newest).tensors["weights"]
    network = load_network(find_model(str(run.parent / "base")))
    with torch.no_grad():
        base = network(input_ids=torch.tensor([IDS])).logits
        for name, parameter in network.named_parameters():
            parameter.copy_(trained[name])
        expected = network(input_ids=torch.tensor([IDS])).logits
    assert torch.equal(_fresh_logits(run), expected)
    assert (base - expected).abs().max() > 0.01, "training changed nothing, the test is blind"


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_merged_adapter_gives_the_adapted_models_logits(
    runs: dict[str, Path], family: str
) -> None:
    from peft import PeftModel

    run = runs[f"{family} lora"]
    weights = load_file(run / "model" / "adapter_model.safetensors")
    assert all(tensor.abs().sum() > 0 for name, tensor in weights.items() if "lora_B" in name)
    assert not (run / "model" / "model.safetensors").exists()
    base = load_network(find_model(str(run.parent / "base")))
    adapted = PeftModel.from_pretrained(base, str(run / "model"))
    with torch.no_grad():
        expected = adapted(input_ids=torch.tensor([IDS])).logits
        plain = adapted.unload()(input_ids=torch.tensor([IDS])).logits
    merged = _fresh_logits(run)
    assert (merged - expected).abs().max() < 1e-5
    assert (merged - plain).abs().max() > 0.01


def test_the_saved_folder_is_what_transformers_reads(runs: dict[str, Path]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    model = runs["llama full"] / "model"
    names = {path.name for path in model.iterdir()}
    assert {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat_template.jinja",
        "tunesmith.json",
    } <= names
    tokenizer = AutoTokenizer.from_pretrained(model)
    assert GenerationConfig.from_pretrained(model).eos_token_id == [tokenizer.eos_token_id]
    assert "tunesmith" not in (model / "config.json").read_text()
    AutoModelForCausalLM.from_pretrained(model)
