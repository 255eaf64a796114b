"""A job -> transformers' `generate`, greedy: one by one, or in left-padded batches.

one-by-one   what a first script does
batch-N      N prompts at once, in the order given (N: a number, or all)
sorted-N     likewise, prompts of similar length together
...-bf16     weights in bf16
"""

import argparse
import json
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def main() -> None:
    """Answer all prompts and print the time and the answers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--job", type=Path, required=True)
    job = json.loads(parser.parse_args().job.read_text(encoding="utf-8"))
    order, _, rest = job["variant"].partition("-")
    size, _, precision = rest.partition("-")
    dtype = "bfloat16" if precision == "bf16" else "float32"
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=dtype).eval()
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    prompts = job["prompts"]
    places = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    if order != "sorted":
        places.sort()
    at_once = {"by": 1, "all": len(prompts)}.get(size) or int(size)
    answers: dict[int, list[int]] = {}
    started = time.perf_counter()
    for start in range(0, len(places), at_once):
        batch = places[start : start + at_once]
        made = _generate(model, [prompts[place] for place in batch], job["new_tokens"])
        answers.update(zip(batch, made, strict=True))
    seconds = time.perf_counter() - started
    texts = [tokenizer.decode(answers[place], skip_special_tokens=True) for place in sorted(places)]
    tokens = sum(len(ids) for ids in answers.values())
    print(json.dumps({"answer_seconds": seconds, "tokens": tokens, "texts": texts}))


@torch.inference_mode()
def _generate(model: torch.nn.Module, prompts: list[list[int]], count: int) -> list[list[int]]:
    """New ids of each prompt, up to its end token."""
    longest = max(map(len, prompts))
    pad, end = model.config.pad_token_id, model.config.eos_token_id
    ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    made = model.generate(
        input_ids=ids, attention_mask=mask, max_new_tokens=count, do_sample=False
    )[:, longest:].tolist()
    return [row[: row.index(end)] if end in row else row for row in made]


if __name__ == "__main__":
    main()
