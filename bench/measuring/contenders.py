"""Who is measured: Tunesmith, and each peer in each of its settings, as one table."""

from dataclasses import dataclass

TUNESMITH = "Tunesmith"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A program with its settings.

    Attributes:
        name: As the table shows it.
        peer: Its environment under `.bench/` and its file under `bench/peers/`; None: Tunesmith.
        script: The file's name without its ending.
        variant: Which of its settings.
        has_tcmalloc: Whether it runs under tcmalloc instead of the C library's allocator.
    """

    name: str
    peer: str | None = None
    script: str = ""
    variant: str = ""
    has_tcmalloc: bool = False

    def under_tcmalloc(self) -> "Contender":
        """The same with the other allocator."""
        return Contender(
            name=f"{self.name}, under tcmalloc",
            peer=self.peer,
            script=self.script,
            variant=self.variant,
            has_tcmalloc=True,
        )


OURS = Contender(name=TUNESMITH, variant="auto")
OURS_FP32 = Contender(name=f"{TUNESMITH}, fp32", variant="fp32")
TRL_DEFAULTS = Contender(name="TRL, defaults", peer="trl", script="trl_sft", variant="defaults")
TRL_FREE = Contender(
    name="TRL, padding-free, bf16", peer="trl", script="trl_sft", variant="padding-free"
)
TRL_PACKING = Contender(name="TRL, packing, bf16", peer="trl", script="trl_sft", variant="packing")
HF = Contender(name="Hugging Face Trainer, padded", peer="trl", script="hf_trainer", variant="fp32")
HF_BF16 = Contender(
    name="Hugging Face Trainer, padded, bf16", peer="trl", script="hf_trainer", variant="bf16"
)
LITGPT_MIXED = Contender(
    name="LitGPT, bf16 mixed", peer="litgpt", script="litgpt_full", variant="bf16-mixed"
)
LITGPT_PURE = Contender(
    name="LitGPT, bf16 pure", peer="litgpt", script="litgpt_full", variant="bf16-true"
)
LLAMAFACTORY = Contender(
    name="LLaMA-Factory, bf16", peer="llamafactory", script="llamafactory_sft", variant="bf16"
)
AXOLOTL = Contender(name="Axolotl, bf16 pure", peer="axolotl", script="axolotl_sft", variant="bf16")
TEXTBOOK = Contender(
    name="The textbook's loop, fp32", peer="trl", script="textbook_loop", variant="fp32"
)

PEERS = ("trl", "litgpt", "llamafactory", "axolotl")
BEST = (TRL_FREE, TRL_PACKING, LITGPT_MIXED, LITGPT_PURE, AXOLOTL)
AS_SHIPPED = (
    TRL_DEFAULTS,
    TRL_FREE,
    TRL_PACKING,
    HF,
    HF_BF16,
    LITGPT_MIXED,
    LITGPT_PURE,
    LLAMAFACTORY,
    AXOLOTL,
)
