"""Lines that stay whole where several processes write to one place."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a whole text and its line break in one system call, so that no other process writes in between.

    ``print`` writes the two apart where Python doesn't buffer. A closed stream, or a pipe that nobody reads any more,
    swallows the text: what is said must not decide whether a chapter runs.

    Parameters
    ----------
    text : str
        One or more lines.
    stream : text stream, optional
        ``sys.stdout`` as it is now, if none is given.

    Notes
    -----
    Source: our choice. A pipe keeps up to 4 KiB whole on every system, and more where there is room in it.

    Examples
    --------
    >>> say("10_cnn: started at smoke scale")
    10_cnn: started at smoke scale
    """
    stream = stream or sys.stdout
    if stream is None or stream.closed:
        return
    try:
        stream.flush()
        stream.write(f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is still held goes there at the exit
