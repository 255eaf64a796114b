"""A folder or Hub name -> a tokenizer that encodes exactly, or an error that says why not.

Wraps a fast tokenizer of transformers with the encoder of `runs`, and compares the two on a
varied set of texts when it is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from transformers import AutoTokenizer

from tunesmith.errors import MissingError, RecipeError, RemoteError
from tunesmith.files import hash_json
from tunesmith.templates.template import TokenizerTexts
from tunesmith.tokens.control import ControlScanner
from tunesmith.tokens.plain_backend import full_backend, plain_backends
from tunesmith.tokens.probe import refuse_inexact
from tunesmith.tokens.text_encoder import TextEncoder
from tunesmith.tokens.word_cache import WordCache

_FILES = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json", "vocab.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """A tokenizer of transformers, with exact encoding.

    Attributes:
        name: The folder or Hub name.
        hf: The tokenizer of transformers, to be saved beside the weights.
        texts: What a template has to know of it.
        control_ids: Its control tokens: added tokens that are not only whitespace.
        encoder: Cuts and encodes renderings.
    """

    name: str
    hf: Any = field(repr=False)
    texts: TokenizerTexts = field(repr=False)
    control_ids: Mapping[str, int] = field(repr=False)
    encoder: TextEncoder = field(repr=False)
    _anchor: tuple[list[int], str] = field(repr=False)

    @property
    def end_id(self) -> int:
        """The end token's id."""
        return self.control_ids[self.texts.end_token]

    @property
    def pad_id(self) -> int:
        """An id to fill up rows with; it may be the end token's, masks never compare ids."""
        pad_id = self.hf.pad_token_id
        return self.end_id if pad_id is None else int(pad_id)

    @property
    def vocabulary_size(self) -> int:
        """One more than the largest id."""
        return int(max(self.encoder.scanner.backend.get_vocab(with_added_tokens=True).values())) + 1

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides ids."""
        source = self.encoder.scanner.backend.to_str()
        return hash_json([source, self.texts.begin, sorted(self.control_ids.items())])

    def stop_ids(self, stop_tokens: Sequence[str]) -> tuple[int, ...]:
        """Ids of a template's stop tokens."""
        return tuple(self.control_ids[token] for token in stop_tokens if token in self.control_ids)

    def decode(
        self, ids: Sequence[int], *, skip_control: bool = False, is_start: bool = False
    ) -> str:
        """The text of ids, exactly.

        Args:
            ids: Token ids.
            skip_control: Leave control tokens out.
            is_start: The ids begin a text; else they continue one, and a space that they
                begin with is kept.
        """
        ids = [int(token_id) for token_id in ids]
        if skip_control:
            control = set(self.control_ids.values())
            ids = [token_id for token_id in ids if token_id not in control]
        backend = self.encoder.scanner.backend
        anchor_ids, anchor = ([], "") if is_start else self._anchor
        return backend.decode([*anchor_ids, *ids], skip_special_tokens=False)[len(anchor) :]

    def __reduce__(self) -> tuple[Any, ...]:
        return _build, (self.hf, self.name)


def load_tokenizer(name: str | Path, *, revision: str | None = None) -> Tokenizer:
    """Load a tokenizer and prove that encoding with it is exact.

    Args:
        name: A folder, or a model's name on the Hub.
        revision: Branch, tag or commit of a Hub model.

    Raises:
        MissingError: There is no such folder or model, or no tokenizer in it.
        RemoteError: The Hub cannot be reached.
        RecipeError: The tokenizer cannot be handled exactly; says why.
    """
    return wrap_tokenizer(_load(str(name), revision), name=str(name))


def wrap_tokenizer(hf: Any, *, name: str) -> Tokenizer:
    """Wrap a fast tokenizer of transformers, after a probe.

    Raises:
        RecipeError: It cannot be handled exactly; says why.
    """
    tokenizer = _build(hf, name)
    refuse_inexact(hf, tokenizer.encoder, decode=tokenizer.decode, where=name)
    return tokenizer


def _build(hf: Any, name: str) -> Tokenizer:
    if not getattr(hf, "is_fast", False):
        raise RecipeError(
            f"{type(hf).__name__} is not a fast tokenizer (no tokenizer.json)",
            where=name,
            cure="Convert it to a fast tokenizer, or use another model.",
        )
    if hf.eos_token is None:
        raise RecipeError(
            "the tokenizer names no end token, so no answer could end",
            where=name,
            cure="Set eos_token in its tokenizer_config.json.",
        )
    source = hf.backend_tokenizer.to_str()
    full = full_backend(source)
    control_ids = {
        token.content: token_id
        for token_id, token in sorted(hf.added_tokens_decoder.items())
        if token.content.strip()
    }
    backends = plain_backends(source, control_ids)
    encoder = TextEncoder(
        scanner=ControlScanner(backend=full, ids=control_ids),
        backends=backends,
        words=WordCache(backends),
    )
    anchor_ids = full.encode("a", add_special_tokens=False).ids
    return Tokenizer(
        name=name,
        hf=hf,
        texts=_texts(hf, name, encoder),
        control_ids=control_ids,
        encoder=encoder,
        _anchor=(anchor_ids, full.decode(anchor_ids)),
    )


def _texts(hf: Any, name: str, encoder: TextEncoder) -> TokenizerTexts:
    named = {key: str(text) for key, text in hf.special_tokens_map.items() if isinstance(text, str)}
    chat_template = hf.chat_template
    if isinstance(chat_template, dict):
        chat_template = chat_template.get("default")
    return TokenizerTexts(
        begin=_begin(hf, name),
        begin_token=hf.bos_token,
        end_token=hf.eos_token,
        control_tokens=frozenset(encoder.scanner.ids),
        chat_template=chat_template,
        named_tokens=tuple(sorted(named.items())),
        is_seamless=encoder.is_seamless,
    )


def _begin(hf: Any, name: str) -> str | None:
    """The text that gives the ids which the post-processor puts in front.

    A sentencepiece-like tokenizer puts a space between begin token and text; then it is
    part of the begin text, so that the text as it stands gives the tokenizer's own ids.
    """
    whole = hf("Hello").input_ids
    alone = hf("Hello", add_special_tokens=False).input_ids
    starts = [i for i in range(len(whole)) if whole[i : i + len(alone)] == alone]
    if not starts or starts == [0]:
        return None
    ids = whole[: starts[0]]
    begin = "".join(hf.convert_ids_to_tokens(ids))
    for text in (begin, f"{begin} "):
        if hf(f"{text}Hello", add_special_tokens=False).input_ids == [*ids, *alone]:
            return text
    raise RecipeError(f"its begin tokens {begin!r} cannot be written as text", where=name)


def _load(name: str, revision: str | None) -> Any:
    folder = Path(name).expanduser()
    is_folder = folder.is_dir()
    if not is_folder and (folder.is_absolute() or name.startswith((".", "~")) or folder.exists()):
        raise MissingError("no such model folder", where=name)
    if is_folder and not any((folder / file).exists() for file in _FILES):
        raise _missing(FileNotFoundError(), name, is_folder=True)
    try:
        return AutoTokenizer.from_pretrained(
            str(folder) if is_folder else name, revision=revision, trust_remote_code=False
        )
    except RepositoryNotFoundError:
        raise MissingError("no such model on the Hub", where=name) from None
    except HfHubHTTPError as error:
        raise RemoteError(f"the Hub cannot be read ({error})", where=name) from None
    except OSError as error:
        raise _missing(error, name, is_folder=is_folder) from None
    except (ValueError, KeyError, TypeError) as error:
        raise RecipeError(f"its tokenizer cannot be loaded ({error})", where=name) from None


def _missing(error: OSError, name: str, *, is_folder: bool) -> MissingError:
    if is_folder:
        return MissingError(
            "no tokenizer in this folder",
            where=name,
            cure="It needs tokenizer.json and tokenizer_config.json.",
        )
    reason = str(error).strip().splitlines()[0] if str(error).strip() else "not found"
    return MissingError(
        f"no such folder, and no such model on the Hub ({reason})",
        where=name,
        cure="Check the name, or the connection.",
    )
