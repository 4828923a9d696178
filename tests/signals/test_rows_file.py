"""A file written row by row is the file that numpy would have written at once."""

import io

import numpy as np
import pytest

from ecglib.errors import ECGError
from ecglib.signals.rows_file import RowsFile


@pytest.mark.parametrize(("shape", "dtype"), [((12, 10), np.float32), ((), np.int64), ((3,), np.float32)])
@pytest.mark.parametrize("parts", [[], [1], [3, 0, 1], [250, 900, 77]])
def test_the_bytes_are_those_of_numpy(tmp_path, shape, dtype, parts):
    rows = [np.random.default_rng(i).normal(0, 1e3, (count, *shape)).astype(dtype) for i, count in enumerate(parts)]
    with RowsFile(tmp_path / "rows.npy", shape, dtype) as file:
        for part in rows:
            file.add(part)
    together = np.concatenate([np.empty((0, *shape), dtype), *rows])
    at_once = io.BytesIO()
    np.save(at_once, together)
    assert (tmp_path / "rows.npy").read_bytes() == at_once.getvalue()
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy", mmap_mode="r"), together)


def test_rows_of_another_shape_are_refused(tmp_path):
    with RowsFile(tmp_path / "rows.npy", (2,), np.float32) as file:
        for wrong in (np.zeros(2), np.zeros((1, 3)), np.zeros((1, 2, 1)), 5.0):
            with pytest.raises(ECGError, match=r"rows\.npy.*another shape.*\(rows, 2\)"):
                file.add(wrong)
        file.add(np.ones((1, 2)))
    assert np.load(tmp_path / "rows.npy").tolist() == [[1, 1]]
