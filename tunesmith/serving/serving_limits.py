"""What one server allows: requests at once, and how large and how long each may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingLimits:
    """Caps that no request passes, so that none of them takes the machine.

    Attributes:
        num_parallel: Answers that are written at once, of all models together at most.
        num_waiting: Answers that may wait for a place; more are told to come again (429).
        body_bytes: Of a request.
        json_depth: Lists and objects in each other.
        num_messages: Of a conversation.
        num_choices: Answers to one request.
        num_stops: Strings at which an answer ends.
        stop_characters: Of each of them.
        prompt_tokens: Of a prompt, where the model's context is not shorter.
        new_tokens: Of an answer.
        request_seconds: From a request's first byte to its answer's last.
        header_seconds: For a request's headers to arrive.
        feedback_bytes: Of the file with the feedback on a run's answers.
        file_bytes: Of a file that is uploaded for tuning.
        num_files: That are kept.
        num_jobs: Tuning jobs that wait or run; one runs at a time.
        drain_seconds: For running answers to end once the server is asked to stop.
    """

    num_parallel: int = 32
    num_waiting: int = 64
    body_bytes: int = 1_000_000
    json_depth: int = 32
    num_messages: int = 1000
    num_choices: int = 8
    num_stops: int = 16
    stop_characters: int = 200
    prompt_tokens: int = 32_768
    new_tokens: int = 32_768
    request_seconds: float = 600.0
    header_seconds: float = 10.0
    feedback_bytes: int = 100_000_000
    file_bytes: int = 200_000_000
    num_files: int = 1000
    num_jobs: int = 16
    drain_seconds: float = 30.0

    @property
    def upload_bytes(self) -> int:
        """Of a form with a file, what is around the file included."""
        return self.file_bytes + 100_000
