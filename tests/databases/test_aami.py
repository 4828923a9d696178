from __future__ import annotations

import numpy as np
import pytest

from ecglib.databases.aami import AAMI_CLASSES, AAMI_OF_SYMBOL, aami_classes
from ecglib.errors import AnnotationError


@pytest.mark.parametrize(("name", "symbols"), [("N", "NLRej"), ("S", "AaJS"), ("V", "VE"), ("F", "F"), ("Q", "/fQ")])
def test_each_symbol_has_the_class_of_the_recommendation(name: str, symbols: str) -> None:
    assert {AAMI_CLASSES[index] for index in aami_classes(list(symbols))} == {name}


def test_every_symbol_is_covered_and_order_is_kept() -> None:
    symbols = list(AAMI_OF_SYMBOL)[::-1]
    classes = aami_classes(symbols)
    assert classes.dtype == np.int64
    assert [AAMI_CLASSES[index] for index in classes] == [AAMI_OF_SYMBOL[symbol] for symbol in symbols]


def test_no_beats_give_no_classes() -> None:
    assert aami_classes([]).shape == (0,)


def test_a_mark_that_is_no_beat_is_refused() -> None:
    with pytest.raises(AnnotationError, match=r"found \+ ~"):
        aami_classes(["N", "+", "~"])
