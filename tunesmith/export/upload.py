"""Files -> a data set or a model on the Hub, by one commit.

The key is the one that `hf auth login` stored or HF_TOKEN holds; HF_ENDPOINT names another
Hub. Nothing here writes the key anywhere.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)

from tunesmith import __version__
from tunesmith.errors import MissingError, RecipeError, RefusedError, RemoteError

_LOGIN = "Log in with `hf auth login`, or set HF_TOKEN to a key that may write."
_REPO = re.compile(r"(?![.-])[\w.-]{1,96}/(?![.-])[\w.-]{1,96}", re.ASCII)


RepoKind = Literal["dataset", "model"]
_NOUNS = {"dataset": "data set", "model": "model"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """Where on the Hub files go.

    Attributes:
        repo: `name/of-it`.
        kind: What it is there.
        is_public: Whether everybody may read it.
        message: Of the commit.
        description: The rest of it.
        endpoint: The Hub's address; None is the one of HF_ENDPOINT.
    """

    repo: str
    kind: RepoKind = "dataset"
    is_public: bool = False
    message: str = "Publish data"
    description: str = ""
    endpoint: str | None = None


def hub_token() -> str:
    """The key to write with.

    Raises:
        MissingError: There is none.
    """
    token = get_token()
    if not token:
        raise MissingError("there is no key for the Hub", where="HF_TOKEN", cure=_LOGIN)
    return token


def check_repo_name(repo: str, kind: RepoKind = "dataset") -> None:
    """Refuse a name that the Hub cannot have.

    Raises:
        RecipeError: It is none.
    """
    if not _REPO.fullmatch(repo):
        cure = "For example: my-company/support-answers."
        raise RecipeError(f"is no name of a {_NOUNS[kind]} on the Hub", where=repo, cure=cure)


def hub_api(endpoint: str | None) -> HfApi:
    """The Hub, with the key to write.

    Raises:
        MissingError: There is no key.
    """
    return HfApi(
        endpoint=endpoint, token=hub_token(), library_name="tunesmith", library_version=__version__
    )


def upload_files(
    files: Mapping[str, Path], upload: Upload, *, is_stale: Callable[[str], bool]
) -> dict[str, str]:
    """Make the place if there is none, and put all files there, in one commit or not at all.

    Large files are sent before the commit, each under its own hash: what an interrupted upload
    has sent is not sent again.

    Args:
        files: By their names there.
        upload: Where to.
        is_stale: Whether a file of an earlier upload goes, unless it is given anew.

    Returns:
        `url` of the place and `revision`, the commit.

    Raises:
        RefusedError: The place is public already, and this was not said to be.
        MissingError: There is no key, or it may not write there.
        RemoteError: The Hub cannot be reached, or refuses the files.
    """
    api = hub_api(upload.endpoint)
    with own_errors(upload.repo, upload.kind):
        url = api.create_repo(
            upload.repo, repo_type=upload.kind, private=not upload.is_public, exist_ok=True
        )
        known = api.repo_info(url.repo_id, repo_type=upload.kind)
        _check_visibility(known, upload)
        commit = api.create_commit(
            url.repo_id,
            _operations(files, known, is_stale),
            repo_type=upload.kind,
            commit_message=upload.message,
            commit_description=upload.description,
        )
    return {"url": str(url), "revision": str(commit.oid)}


def _check_visibility(known: Any, upload: Upload) -> None:
    if not known.private and not upload.is_public:
        raise RefusedError(
            f"this {_NOUNS[upload.kind]} is public already; everybody could read what is added",
            where=upload.repo,
            cure=f"Say --public if that is meant, or name another {_NOUNS[upload.kind]}.",
        )


def _operations(
    files: Mapping[str, Path], known: Any, is_stale: Callable[[str], bool]
) -> list[CommitOperationAdd | CommitOperationDelete]:
    there = {one.rfilename for one in known.siblings or ()}
    gone = sorted(name for name in there - files.keys() if is_stale(name))
    added = [
        CommitOperationAdd(path_in_repo=name, path_or_fileobj=path)
        for name, path in sorted(files.items())
    ]
    return [*(CommitOperationDelete(path_in_repo=name) for name in gone), *added]


@contextlib.contextmanager
def own_errors(repo: str, kind: RepoKind) -> Iterator[None]:
    """Turn the errors of `huggingface_hub` into ours, each with its cure."""
    try:
        yield
    except (RepositoryNotFoundError, GatedRepoError) as error:
        words = f"the Hub knows no such {_NOUNS[kind]} for this key ({_first_line(error)})"
        raise MissingError(words, where=repo, cure=_LOGIN) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        words = f"the Hub refused ({_first_line(error)})"
        if status in (401, 403):
            raise MissingError(words, where=repo, cure=_LOGIN) from None
        raise RemoteError(words, where=repo, cure="Run the same command again later.") from None
    except (OSError, httpx2.HTTPError) as error:
        raise RemoteError(
            f"the Hub cannot be reached ({_first_line(error)})",
            where=repo,
            cure="Check the network, HF_ENDPOINT and HF_HUB_OFFLINE.",
        ) from None
    except RuntimeError as error:  # of a large file, whatever happened to it
        cause = f": {_first_line(error.__cause__)}" if error.__cause__ else ""
        raise RemoteError(
            f"the upload broke off ({_first_line(error)}{cause})",
            where=repo,
            cure="Run the same command again; what was sent is not sent twice.",
        ) from None
    except ValueError as error:  # the card's metadata, as the Hub checks it
        raise RecipeError(_first_line(error), where=repo) from None


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines[0].strip().rstrip(".") if lines else "") or type(error).__name__
