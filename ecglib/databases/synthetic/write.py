"""Recordings as WFDB files: signals, annotations, checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from wfdb.io.annotation import ann_label_table

_CODE_OF_SYMBOL = dict(zip(ann_label_table["symbol"], ann_label_table["label_store"].map(int), strict=True))
_SKIP, _AUX, _LONGEST_STEP = 59, 63, 1023


def write_signal(
    folder: Path,
    name: str,
    signal: NDArray[np.float64],
    leads: Sequence[str],
    rate: int,
    *,
    storage: str = "16",
    gains: Sequence[float],
    baselines: Sequence[int],
    converter: str = "16 0",
    gain_format: str = "{gain:.1f}({baseline})/mV",
    comments: Sequence[str] = (),
    matlab: bool = False,
) -> None:
    """Write one record's signal and header.

    Parameters
    ----------
    folder : Path
    name : str
        Record name, without a folder.
    signal : float64 array, shape (leads, samples)
        Millivolts.
    leads : sequence of str
        Names as the header gives them.
    rate : int
        Samples a second.
    storage : {"16", "212"}
        WFDB format of the signal file; 212 holds two leads.
    gains, baselines : sequences
        Steps in a millivolt and the step of zero millivolts, for each lead.
    converter : str
        Bits of the converter and the middle of its range, as the header gives them.
    gain_format : str
        How this database's headers write gain and baseline.
    comments : sequence of str
        Lines after the signals, with what this database puts after their ``#``.
    matlab : bool
        Put a MATLAB (version 4) header of 24 bytes before the samples and call the file ``.mat``, as Chapman does.

    Notes
    -----
    Source: WFDB's header(5) and signal(5). wfdb writes the same, but takes 60 ms for a header and prints a line for
    every ``.mat``; the tests read every file back with it. Taught in chapter ``00_reading_an_ecg``.
    """
    count, length = signal.shape
    limit = 2 ** (11 if storage == "212" else 15) - 1
    steps = np.rint(signal.T * np.asarray(gains) + np.asarray(baselines)).clip(-limit, limit).astype(np.int64)
    file = f"{name}.mat" if matlab else f"{name}.dat"
    checksums = steps.sum(axis=0).astype(np.int16)
    lines = [f"{name} {count} {rate} {length}"]
    for lead, gain, baseline, first, checksum in zip(leads, gains, baselines, steps[0], checksums, strict=True):
        scale = gain_format.format(gain=gain, baseline=baseline)
        lines.append(f"{file} {storage}{'+24' * matlab} {scale} {converter} {first} {checksum} 0 {lead}")
    lines += [f"#{comment}" for comment in comments]
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")
    front = np.array([30, count, length, 0, 4], dtype="<i4").tobytes() + b"val\0" if matlab else b""
    packed = _pack_pairs(steps) if storage == "212" else steps.astype("<i2").tobytes()
    (folder / file).write_bytes(front + packed)


def _pack_pairs(steps: NDArray[np.int64]) -> bytes:
    """Pack two leads into format 212: twelve bits a sample, three bytes a pair."""
    first, second = (steps & 0xFFF).T
    return np.stack([first & 0xFF, (first >> 8) | (second >> 8 << 4), second & 0xFF], axis=1).astype(np.uint8).tobytes()


def write_annotation(
    file: Path, samples: Sequence[int], symbols: Sequence[str], notes: Sequence[str] | None = None
) -> None:
    """Write one annotation file in MIT's format.

    Parameters
    ----------
    file : Path
    samples : sequence of int
        In order of time.
    symbols : sequence of str
        WFDB's symbols.
    notes : sequence of str, optional
        Aux strings, already with their closing NUL; "" for none.

    Notes
    -----
    Source: WFDB's annot(5): a word of six bits for the symbol's code and ten for the samples since the last one.
    ``wfdb.wrann`` writes the same bytes, but takes 20 ms a file and refuses LUDB's extensions, such as ``v1``. Taught
    in chapter ``00_reading_an_ecg``.
    """
    written, before = bytearray(), 0
    for sample, symbol, note in zip(samples, symbols, notes or [""] * len(samples), strict=True):
        step = sample - before
        if step > _LONGEST_STEP:
            written += (_SKIP << 10).to_bytes(2, "little")
            written += (step >> 16).to_bytes(2, "little") + (step & 0xFFFF).to_bytes(2, "little")
            step = 0
        written += (_CODE_OF_SYMBOL[symbol] << 10 | step).to_bytes(2, "little")
        if note:
            text = note.encode()
            written += (_AUX << 10 | len(text)).to_bytes(2, "little") + text + b"\0" * (len(text) % 2)
        before = sample
    file.write_bytes(bytes(written) + b"\0\0")


def write_checksums(folder: Path) -> None:
    """Write SHA256SUMS.txt over everything in the folder, as PhysioNet does."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "SHA256SUMS.txt")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.relative_to(folder).as_posix()}" for path in files]
    (folder / "SHA256SUMS.txt").write_text("\n".join(lines) + "\n")
