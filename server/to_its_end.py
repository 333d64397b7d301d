"""Steps in a thread that are waited for to their end, also when the request that wanted them is given up meanwhile.

A thread cannot be told to stop. What it opens, locks or closes must be done before whoever waited lets go of the rest.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

Answer = TypeVar("Answer")


async def to_its_end(step: Callable[[], Answer]) -> Answer:
    """Take a step in a thread and return its answer; a cancellation is raised when the step has ended."""
    taking = asyncio.ensure_future(run_in_threadpool(step))
    given_up: asyncio.CancelledError | None = None
    while not taking.done():
        try:
            await asyncio.wait([taking])
        except asyncio.CancelledError as error:
            given_up = error
    if given_up is not None and taking.exception() is None:
        raise given_up
    return taking.result()
