"""An array that is written row by row, so that it never has to fit into memory."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from ecglib.errors import ECGError


class RowsFile:
    """Write an ``.npy`` file whose number of rows is known only at the end.

    Parameters
    ----------
    file : path-like
        Ends in ``.npy``; what was there is lost.
    shape : tuple of int
        Of one row; empty for an array of numbers.
    dtype : dtype
        Of the numbers.

    Raises
    ------
    ECGError
        If rows of another shape are added.

    Notes
    -----
    To be used in a ``with`` block; ``numpy.load`` reads the file once the block has ended. The header has the same
    length for every number of rows, so it is written twice: at first to keep its place. Source: NumPy's format
    leaves room in the header for the first axis to grow. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with RowsFile(f"{folder}/rows.npy", (2,), np.float32) as rows:
    ...         rows.add([[1, 2]])
    ...         rows.add([[3, 4], [5, 6]])
    ...     np.load(f"{folder}/rows.npy")
    array([[1., 2.],
           [3., 4.],
           [5., 6.]], dtype=float32)
    """

    def __init__(self, file: str | os.PathLike[str], shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self.shape, self.dtype = shape, np.dtype(dtype)
        self.rows = 0
        self._file = open(file, "wb")  # noqa: SIM115
        self._write_header()

    def __enter__(self) -> RowsFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._file.seek(0)
            self._write_header()

    def add(self, rows: ArrayLike) -> None:
        """Write rows behind those that are there; the array has the shape (rows, *shape)."""
        values = np.ascontiguousarray(rows, dtype=self.dtype)
        if values.ndim == 0 or values.shape[1:] != self.shape:
            raise ECGError(
                "rows of another shape than the file's",
                file=self._file.name,
                expected=f"(rows, {', '.join(map(str, self.shape))})",
                found=str(values.shape),
                remedy="add rows of one shape",
            )
        self._file.write(values.tobytes())
        self.rows += len(values)

    def _write_header(self) -> None:
        facts: dict[str, Any] = {
            "shape": (self.rows, *self.shape),
            "fortran_order": False,
            "descr": np.lib.format.dtype_to_descr(self.dtype),
        }
        np.lib.format.write_array_header_1_0(self._file, facts)
