"""A model's folder -> MLX with it in a process of its own: a line of JSON in, a line out.

MLX compiles and holds memory for good; nobody else is to pay for it. Run as
`python mlx_process.py FOLDER`; tells first which tokens end an answer.
"""

import json
import sys
from importlib import import_module
from typing import Any


def answer_lines(folder: str) -> None:
    """Go on with each prompt that is asked, by the likeliest token, until no line comes."""
    mx = import_module("mlx.core")  # an option, and heavy
    generate_step = import_module("mlx_lm.generate").generate_step
    network, tokenizer = import_module("mlx_lm").load(folder)
    stops = {int(token) for token in tokenizer.eos_token_ids}
    _tell({"stops": sorted(stops)})
    for line in sys.stdin:
        asked = json.loads(line)
        told: dict[str, Any] = {"ids": [], "is_ended": False, "likely": {}}
        steps = generate_step(mx.array(asked["ids"]), network, max_tokens=asked["num_tokens"])
        for token, expected in steps:
            if asked["num_likely"]:
                order = mx.argsort(-expected)[: asked["num_likely"]].tolist()
                told["likely"] = {str(one): float(expected[one]) for one in order}
                break
            told["is_ended"] = int(token) in stops
            if told["is_ended"]:
                break
            told["ids"].append(int(token))
        _tell(told)


def _tell(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    answer_lines(sys.argv[1])
