"""Ten seconds of one lead of every record of a database, on the grid of the beat-score maps, with the rhythm's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ecglib.databases.base import Database
from ecglib.databases.quality import require_length
from ecglib.databases.record import Record
from ecglib.errors import ECGError
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import RATE, to_rate

SECONDS = 10
"""Length of a recording."""

OTHER_RHYTHM = "no rhythm that was asked for"
"""Reason to leave out a record that could be read."""

SCP_RHYTHMS = (
    "SR", "AFIB", "STACH", "SARRH", "SBRAD", "PACE", "SVARR", "BIGU", "AFLT", "SVTAC", "PSVT", "TRIGU",
)  # fmt: skip
"""The statements of PTB-XL that ``scp_statements.csv`` counts as rhythms."""


@dataclass(frozen=True)
class Recordings:
    """One lead of each record that can be read and has one of the rhythms asked for.

    Attributes
    ----------
    signals : float32 array, shape (recordings, 1280)
        Millivolts at ``RATE`` samples a second, band-passed from 0.5 to 40 Hz.
    labels : int64 array, shape (recordings,)
        Index into ``classes``.
    names, patients : str arrays, shape (recordings,)
        The record's name, and the patient's.
    classes : tuple of str
        Names of the rhythms.
    left_out : mapping of str to str
        Why each other record is not here, by its name.

    Notes
    -----
    Source: our choice. Taught in chapter ``24_across_databases``.

    Examples
    --------
    >>> one, label = np.array(["1"]), np.array([0])
    >>> found = Recordings(np.zeros((1, 1280), np.float32), label, one, one, ("SR", "AFIB"), {"2": "a flat signal"})
    >>> len(found)
    1
    """

    signals: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: NDArray[np.str_]
    patients: NDArray[np.str_]
    classes: tuple[str, ...]
    left_out: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.signals)


def labelled_recordings(
    database: Database,
    rhythm_of: Callable[[Record], str | None],
    classes: Sequence[str],
    *,
    lead: str = "II",
    progress: bool = True,
) -> Recordings:
    """Read the first ten seconds of one lead of every record, and leave out what can't be used.

    Parameters
    ----------
    database : Database
    rhythm_of : callable
        Gives the name of a record's rhythm, or None where there is none.
    classes : sequence of str
        Rhythms to keep.
    lead : str
        The lead to read; II is nearest to MIT-BIH's MLII.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Recordings
        In the database's order.

    Raises
    ------
    ECGError
        If one of the rhythms has no recording.

    Notes
    -----
    A file that can't be read, a missing lead, NaN, a flat lead or less than ten seconds leave the record out, with the
    reason in ``left_out``: of tens of thousands of published records some are damaged, and one must not end the run.
    Beats are never asked for. Source: our choice. Taught in chapter ``24_across_databases``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.databases import PTBXL
    >>> from ecglib.databases.synthetic import write_twins
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = PTBXL(write_twins(folder, databases=["ptbxl"], progress=False))
    ...     found = labelled_recordings(database, scp_rhythm, ("SR", "AFIB"), progress=False)
    >>> found.signals.shape, np.bincount(found.labels)
    ((86, 1280), array([80,  6]))
    """
    signals, labels, names, patients = [], [], [], []
    left_out: dict[str, str] = {}
    for name in tqdm(database.names(), desc=f"reading {database.key}", unit="record", disable=not progress):
        try:
            record = database.read(name)
            rhythm = rhythm_of(record)
            if rhythm is None or rhythm not in classes:
                left_out[name] = OTHER_RHYTHM
                continue
            signals.append(_ten_seconds(record, lead))
        except ECGError as error:
            left_out[name] = error.problem
            continue
        labels.append(list(classes).index(rhythm))
        names.append(name)
        patients.append(record.patient)
    missing = [rhythm for label, rhythm in enumerate(classes) if label not in labels]
    if missing:
        raise ECGError(
            f"no recording of the rhythm {' or '.join(missing)}",
            record=database.key,
            expected=f"records with {SECONDS} s of lead {lead} for each of {', '.join(classes)}",
            found=f"{len(signals)} of other rhythms; left out: {', '.join(sorted(set(left_out.values()))) or 'none'}",
            remedy="download more records, or ask for another lead or other rhythms",
        )
    return Recordings(
        signals=np.stack(signals),
        labels=np.array(labels, dtype=np.int64),
        names=np.array(names),
        patients=np.array(patients),
        classes=tuple(classes),
        left_out=left_out,
    )


def scp_rhythm(record: Record) -> str | None:
    """Give the rhythm of a record of PTB-XL.

    Parameters
    ----------
    record : Record
        Its ``notes`` hold the table's statements as text, where the table has a row for it.

    Returns
    -------
    str or None
        One of ``SCP_RHYTHMS``; None where the table states no rhythm, or several.

    Notes
    -----
    Likelihoods are not asked for, since those of rhythms are all 0, unknown. Source: Wagner et al., 2020; that a
    record with two rhythms has none is our choice. Taught in chapter ``24_across_databases``.

    Examples
    --------
    >>> notes = {"scp_codes": "{'NORM': 100.0, 'SR': 0.0}"}
    >>> scp_rhythm(Record("ptbxl", "1", "1", np.zeros((1, 1), np.float32), ("II",), 100.0, notes=notes))
    'SR'
    """
    stated = re.findall(r"'([^']+)'\s*:", record.notes.get("scp_codes", ""))
    found = [rhythm for rhythm in SCP_RHYTHMS if rhythm in stated]
    return found[0] if len(found) == 1 else None


def _ten_seconds(record: Record, lead: str) -> NDArray[np.float32]:
    samples = round(SECONDS * record.rate)
    signal = require_length(record, samples).lead(lead)[:samples]
    return bandpass(to_rate(signal, record.rate), RATE)
