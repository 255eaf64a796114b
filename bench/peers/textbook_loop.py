"""A job -> the loop a textbook teaches: padded, fp32, all logits, loss over every token.

The recipe of chapter 7 of "Build a Large Language Model (From Scratch)", in our words: rows
padded to the longest of the batch, no attention mask (causal attention hides padding on the
right from what precedes it), cross-entropy over all positions but padding, AdamW, no clipping.
"""

import torch
from stopwatch import IGNORED, Stopwatch, read_job
from torch.nn import functional
from transformers import AutoModelForCausalLM


def main() -> None:
    """Train as the job says and print the times."""
    job = read_job()
    watch = Stopwatch(job)
    watch.start()
    model = AutoModelForCausalLM.from_pretrained(
        job.model, dtype=torch.float32, attn_implementation="eager"
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=job.learning_rate, weight_decay=0.0)
    collate = watch.counting(_padded)
    model.train()
    losses = []
    for step in range(job.steps):
        first = step * job.examples_per_step
        batch = collate(job.rows[first : first + job.examples_per_step])
        optimizer.zero_grad()
        logits = model(batch["input_ids"], use_cache=False).logits  # (B, T, V)
        predicted, wanted = logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten()
        loss = functional.cross_entropy(predicted, wanted, ignore_index=IGNORED)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if job.save:
        model.save_pretrained(job.save)
    watch.report(losses)


def _padded(rows: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
    length = max(len(row["input_ids"]) for row in rows)
    fillers = {"input_ids": 0, "labels": IGNORED}
    return {
        key: torch.tensor([row[key] + [filler] * (length - len(row[key])) for row in rows])
        for key, filler in fillers.items()
    }


if __name__ == "__main__":
    main()
