"""The five beat classes of the AAMI recommendation, and MIT-BIH's symbols in each."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ecglib.errors import AnnotationError

AAMI_CLASSES = ("N", "S", "V", "F", "Q")
"""Normal or bundle branch block, supraventricular ectopic, ventricular ectopic, fusion, paced or unclassifiable."""

_SYMBOLS_OF_CLASS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}

AAMI_OF_SYMBOL: MappingProxyType[str, str] = MappingProxyType(
    {symbol: name for name, symbols in _SYMBOLS_OF_CLASS.items() for symbol in symbols}
)
"""AAMI class of each of MIT-BIH's beat symbols."""

_INDEX_OF_SYMBOL = {symbol: AAMI_CLASSES.index(name) for symbol, name in AAMI_OF_SYMBOL.items()}


def aami_classes(symbols: Sequence[str] | NDArray[np.str_]) -> NDArray[np.int64]:
    """Give each beat its AAMI class.

    Parameters
    ----------
    symbols : sequence of str, shape (beats,)
        MIT-BIH's beat symbols.

    Returns
    -------
    int64 array, shape (beats,)
        Index into ``AAMI_CLASSES``.

    Raises
    ------
    AnnotationError
        If a symbol is none of MIT-BIH's beat symbols.

    Notes
    -----
    Source: ANSI/AAMI EC57, as applied to MIT-BIH by de Chazal et al. (IEEE TBME 51:1196, 2004), Table I.
    Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> aami_classes(["N", "L", "V", "/"])
    array([0, 0, 2, 4])
    """
    present, position = np.unique(np.asarray(symbols, dtype=np.str_), return_inverse=True)
    unknown = [str(symbol) for symbol in present if symbol not in _INDEX_OF_SYMBOL]
    if unknown:
        raise AnnotationError(
            "annotation symbols that are no beats",
            expected=f"symbols among {' '.join(AAMI_OF_SYMBOL)}",
            found=" ".join(unknown),
            remedy="leave out annotations that mark no beat before asking for classes",
        )
    return np.array([_INDEX_OF_SYMBOL[str(symbol)] for symbol in present], dtype=np.int64)[position]
