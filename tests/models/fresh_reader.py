"""A process of its own that loads saved models: by Tunesmith, and by transformers and peft alone.

    python -m tests.models.fresh_reader      one request a line, one reply a line

One process serves all tests of a session, so that the families' modules are imported once.
"""

import json
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any

import torch

from tests.forks import Fork

NUM_NEW = 5
_NO_STOP = 10**6


class FreshReader:
    """The process, seen from a test."""

    def __init__(self) -> None:
        self._process = Fork(["-m", "tests.models.fresh_reader"])

    def read(self, folder: Path, base: Path, ids: torch.Tensor) -> dict[str, Any]:
        """What a saved model gives for (1, T) ids; `base` is what an adapter was trained on."""
        request = {"folder": str(folder), "base": str(base), "ids": ids.tolist()}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline())
        assert "error" not in reply, reply["error"]
        found: dict[str, Any] = torch.load(folder / "read.pt", weights_only=True)
        return found

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def _by_others(folder: Path, base: Path) -> Any:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    if not (folder / "adapter_config.json").is_file():
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(network, folder).eval()


@torch.no_grad()
def _read(folder: Path, base: Path, ids: torch.Tensor) -> dict[str, Any]:
    """Logits and greedy answers by both roads; `sure` says how many tokens no tie decides."""
    from tunesmith.generation.generate import generate
    from tunesmith.generation.prompt import Prompt
    from tunesmith.models.forward import choose_layout
    from tunesmith.models.load import find_model, load_network
    from tunesmith.recipe.recipe import GenerationRecipe

    network = load_network(find_model(str(folder)))
    ours = network(input_ids=ids).logits
    (answer,) = generate(
        choose_layout(network),
        [Prompt(ids=ids[0].tolist(), key="e0")],
        recipe=GenerationRecipe(max_new_tokens=NUM_NEW),
        stop_ids=[_NO_STOP],
    )
    others = _by_others(folder, base)
    written = others.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        max_new_tokens=NUM_NEW,
        eos_token_id=_NO_STOP,
        pad_token_id=0,
    )
    return {
        "ours": ours,
        "others": others(input_ids=ids).logits,
        "answer": answer.ids,
        "others' answer": written[0, ids.shape[1] :].tolist(),
        "sure": NUM_NEW if answer.first_near_tie is None else answer.first_near_tie,
    }


def main() -> None:
    """Serve until the other side closes."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    replies = sys.stdout
    sys.stdout = sys.stderr  # libraries write there as well
    for line in sys.stdin:
        request = json.loads(line)
        folder = Path(request["folder"])
        try:
            found = _read(folder, Path(request["base"]), torch.tensor(request["ids"]))
            torch.save(found, folder / "read.pt")
            reply = {}
        except Exception:  # noqa: BLE001 - the test shows it
            reply = {"error": traceback.format_exc()}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
