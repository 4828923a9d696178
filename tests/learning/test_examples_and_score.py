"""Examples gather what was asked for; macro F1 is scikit-learn's."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from ecglib.errors import ECGError
from ecglib.learning import Examples, macro_f1


@pytest.fixture
def stored(tmp_path):
    values = np.random.default_rng(0).standard_normal((50, 2, 30)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    return values, np.load(tmp_path / "x.npy", mmap_mode="r")


def test_batches_are_the_rows_asked_for(stored):
    values, x = stored
    y = np.arange(50) % 5
    part = Examples(x, y).take([40, 3, 3, 17]).take([3, 0])
    inputs, targets = part.batch(np.array([0, 1]))
    assert (inputs.dtype, targets.dtype) == (torch.float32, torch.int64)
    np.testing.assert_array_equal(inputs.numpy(), values[[17, 40]])
    assert targets.tolist() == part.targets.tolist() == [17 % 5, 40 % 5]
    np.testing.assert_array_equal(part.batch(slice(1, 9))[0].numpy(), values[[40]])


def test_no_input_is_copied_and_none_can_be_written(stored):
    values, x = stored
    examples = Examples(x, np.arange(50) % 5)
    assert examples.take(np.arange(10)).x is x
    inputs, targets = examples.batch(slice(0, 4))
    inputs += 1
    targets += 1
    assert examples.targets[:4].tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(examples.batch(slice(0, 4))[0].numpy(), values[:4])


def test_digest_is_of_the_examples_not_of_their_place(stored):
    values, x = stored
    y = np.arange(50) % 5
    part = Examples(x, y).take([5, 6, 7])
    assert part.digest() == Examples(values[5:8], y[5:8]).digest()
    assert part.digest() != Examples(x, y).take([5, 7, 6]).digest()
    assert part.digest() != Examples(values[5:8], y[6:9]).digest()


@pytest.mark.parametrize(("inputs", "targets"), [(3, 4), (0, 0)])
def test_what_can_not_be_examples_is_refused(inputs, targets):
    with pytest.raises(ECGError, match="can't be examples"):
        Examples(np.zeros((inputs, 1, 4), np.float32), np.zeros(targets, np.int64))
    with pytest.raises(ECGError, match="0 chosen"):
        Examples(np.zeros((3, 1, 4), np.float32), np.zeros(3, np.int64)).take(np.array([], np.int64))


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_macro_f1_is_scikit_learns(seed, examples):
    generator = np.random.default_rng(seed)
    true = generator.integers(0, generator.integers(1, 6), examples)
    scores = generator.random((examples, 5)) + 0.7 * np.eye(5)[true]
    predicted = scores.argmax(axis=1)
    assert macro_f1(true, scores) == pytest.approx(f1_score(true, predicted, average="macro"))
    four = f1_score(true, predicted, average="macro", labels=[0, 1, 2, 3], zero_division=0)
    assert macro_f1(true, scores, over=(0, 1, 2, 3)) == pytest.approx(four)
