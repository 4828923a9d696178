"""A score for runs of fixed length, which no validation may stop or choose from."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from numpy.typing import ArrayLike


def last_epoch() -> Callable[[ArrayLike, ArrayLike], float]:
    """Make a score for ``fit`` that is always better than before, so that the weights of the last epoch stay.

    Returns
    -------
    callable
        Of true classes and scores, which it ignores; gives 1, 2, 3 …. Make a new one for each run.

    Notes
    -----
    The learning rate has fallen to zero by then. Where the number of epochs has been chosen before, on other
    patients, all patients at hand can train, and nothing is left that could be chosen in this run. Source: our choice.
    Taught in chapter ``19_new_patients``.

    Examples
    --------
    >>> score = last_epoch()
    >>> score([0, 1], [[1, 0], [0, 1]]), score([0, 1], [[0, 1], [1, 0]])
    (1.0, 2.0)
    """
    epochs = count(1)
    return lambda true, scores: float(next(epochs))
