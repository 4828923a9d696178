"""IPython extension for the kernel of a submission that is graded: a cell that prints without end is stopped."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

LARGEST_OUTPUT = 2_000_000
"""Characters and bytes that one cell may print or display: ten figures, or twenty thousand lines."""


class TooMuchOutput(BaseException):
    """A cell printed more than it may. No ``except Exception`` of a student catches it."""


def load_ipython_extension(shell: Any) -> None:
    """Let every cell of a kernel print and display so much, and stop it with a plain message where it goes on.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The kernel's shell, which calls this when it loads the module as its extension.

    Notes
    -----
    Source: our choice. nbgrader counts lines, after all of them have arrived: 300 MB in few lines pass it. This counts
    before anything leaves the kernel. Taught on the page for instructors.
    """
    printed = 0

    def forget(*_: object) -> None:
        nonlocal printed
        printed = 0

    def counted(send: Callable[..., Any]) -> Callable[..., Any]:
        def count(*content: Any, **named: Any) -> Any:
            nonlocal printed
            for part in (*content, *named.values()):
                values = part.values() if isinstance(part, dict) else [part]
                printed += sum(len(value) for value in values if isinstance(value, str | bytes))
            if printed > LARGEST_OUTPUT:
                raise TooMuchOutput(
                    f"This cell printed or displayed more than {LARGEST_OUTPUT:,} characters and was stopped. What to "
                    "do: print less; look for a print inside a loop, or a loop that does not end."
                )
            return send(*content, **named)

        return count

    shell.events.register("pre_run_cell", forget)
    for stream in (sys.stdout, sys.stderr):
        stream.write = counted(stream.write)  # type: ignore[method-assign]
    shell.display_pub.publish = counted(shell.display_pub.publish)
