"""A GGUF file -> llama.cpp's server in a process of its own, until its standard input ends.

llama.cpp ends its process where a file is not as it expects; nobody else is to end with it. Run as
`python llama_cpp_server.py FILE CONTEXT_TOKENS THREADS`; tells the server's address.
"""

import sys


def serve_file(path: str, context_tokens: int, num_threads: int) -> None:
    """Serve one request after the other, by the processor, with everything in fp32."""
    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy

    given = xllamacpp.CommonParams()
    given.model.path = path
    given.n_ctx, given.n_parallel, given.n_gpu_layers = context_tokens, 1, 0
    given.warmup, given.fit_params, given.verbosity = False, False, -1
    given.cpuparams.n_threads = given.cpuparams_batch.n_threads = num_threads
    given.cache_type_k = given.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    given.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    given.use_jinja = given.swa_full = True
    server = xllamacpp.Server(given)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve_file(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
