"""Arrays come back as they were kept, and nothing half-written stays."""

import numpy as np
import pytest

from ecglib.errors import DamagedFileError, MissingFileError
from ecglib.evaluation.kept_arrays import keep_arrays, kept_arrays
from ecglib.learning.weights import read_facts


def test_arrays_come_back_with_their_kinds_and_shapes(tmp_path):
    file = tmp_path / "kept.safetensors"
    counts = np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1)
    keep_arrays({"counts": counts, "scores": np.float32([0.1, 0.2])}, file, {"recordings": 3})
    found = kept_arrays(file)
    assert found["counts"].dtype == np.int64
    assert found["counts"].tolist() == counts.tolist()
    assert found["scores"].dtype == np.float32
    assert read_facts(file) == {"recordings": 3}
    assert [path.name for path in tmp_path.iterdir()] == ["kept.safetensors"]


def test_what_is_not_there_or_broken_is_said(tmp_path):
    with pytest.raises(MissingFileError, match="run the chapter"):
        kept_arrays(tmp_path / "none.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"12345678broken")
    with pytest.raises(DamagedFileError, match="can't be read"):
        kept_arrays(tmp_path / "broken.safetensors")
