"""The process that looks: pictures in by standard input, looks out by standard output.

One per core. It is started by `pool.Pool` with ``OPENBLAS_NUM_THREADS=1``, holds the
models, keeps nothing between pictures, and ends when its input ends, so that it never
outlives the service. Each message is four bytes of length, big endian, and msgpack of a
`look.Job` (in) or `look.FromWorker` (out).

A picture that kills dlib kills this process only; the pool starts another.
"""

import os
import signal
import sys
from typing import BinaryIO

import msgspec

from appliance.faces.build import BuildKind, inspect_build
from appliance.faces.engine import Engine
from appliance.faces.errors import ModelError, NoPictureError
from appliance.faces.look import FromWorker, Job, Looked, Ready, Unreadable
from runtime.memory import forbid_core_dumps

_DECODER = msgspec.msgpack.Decoder(Job)


def serve(jobs: BinaryIO, answers: BinaryIO, engine: Engine) -> None:
    """Answer jobs until there are no more."""
    build = inspect_build()
    _write(answers, Ready(build=str(build), fast=build.kind is BuildKind.FAST))
    while (message := _read(jobs)) is not None:
        _write(answers, _answer(engine, _DECODER.decode(message)))


def _answer(engine: Engine, job: Job) -> FromWorker:
    try:
        return Looked(look=engine.look(job.jpeg, job.scales, job.describe))
    except NoPictureError as error:
        return Unreadable(text=str(error))


def _read(jobs: BinaryIO) -> bytes | None:
    head = jobs.read(4)
    if len(head) < 4:  # noqa: PLR2004 - the length's own size
        return None
    return jobs.read(int.from_bytes(head, "big"))


def _write(answers: BinaryIO, message: FromWorker) -> None:
    data = msgspec.msgpack.encode(message)
    answers.write(len(data).to_bytes(4, "big") + data)
    answers.flush()


def main() -> int:
    """Run until standard input ends."""
    forbid_core_dumps()  # there are faces in this memory
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the service's to answer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the messages
    try:
        engine = Engine.load()
    except ModelError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    try:
        serve(sys.stdin.buffer, answers, engine)
    except BrokenPipeError:
        return 0  # the service is gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
