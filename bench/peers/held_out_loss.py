"""A model folder and rows -> the mean loss of their trained tokens, fp32, one row at a time.

python held_out_loss.py MODEL ROWS
"""

import json
import sys
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoModelForCausalLM


@torch.inference_mode()
def main() -> None:
    """Print the loss in nats per token."""
    model = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
    total, count = 0.0, 0
    for line in Path(sys.argv[2]).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        ids = torch.tensor([row["ids"]])
        is_trained = torch.tensor(row["is_trained"][1:])
        logits = model(input_ids=ids).logits[0, :-1]
        losses = functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        total += float(losses[is_trained].double().sum())
        count += int(is_trained.sum())
    print(json.dumps({"loss": total / count, "tokens": count}))


if __name__ == "__main__":
    main()
