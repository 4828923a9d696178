"""A record as every database gives it: millivolts, lead names, beats, rhythms, wave boundaries, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ecglib.errors import LeadError

NOT_MARKED = -1
"""Sample index of a boundary that the annotator left out."""


@dataclass(frozen=True)
class Beats:
    """Annotated beats of one record.

    Attributes
    ----------
    samples : int64 array, shape (beats,)
        Sample index of each fiducial point (in MIT-BIH the R peak, or the largest deflection of an ectopic beat).
    symbols : str array, shape (beats,)
        The annotators' own symbols, such as ``N``, ``L``, ``V``; ``ecglib.databases.aami`` maps them to AAMI classes.

    Notes
    -----
    Source: MIT-BIH's annotation format. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> beats = Beats(np.array([120, 480]), np.array(["N", "V"]))
    >>> len(beats)
    2
    """

    samples: NDArray[np.int64]
    symbols: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.samples)


@dataclass(frozen=True)
class RhythmSpan:
    """One stretch of a record with one rhythm: samples ``start`` (inside) to ``stop`` (outside)."""

    start: int
    stop: int
    name: str


@dataclass(frozen=True)
class Waves:
    """P waves, QRS complexes and T waves marked in one lead.

    Attributes
    ----------
    kinds : str array, shape (waves,)
        ``"P"``, ``"QRS"`` or ``"T"``.
    onsets, peaks, offsets : int64 arrays, shape (waves,)
        Sample indices; ``NOT_MARKED`` (-1) where the annotator left a bracket out.

    Notes
    -----
    Source: LUDB's annotation format. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> waves = Waves(np.array(["P", "QRS"]), np.array([10, 40]), np.array([15, 50]), np.array([20, 60]))
    >>> waves.of("QRS").peaks
    array([50])
    """

    kinds: NDArray[np.str_]
    onsets: NDArray[np.int64]
    peaks: NDArray[np.int64]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.kinds)

    def of(self, kind: str) -> Waves:
        """Give only the waves of one kind."""
        chosen = self.kinds == kind
        return Waves(self.kinds[chosen], self.onsets[chosen], self.peaks[chosen], self.offsets[chosen])


@dataclass(frozen=True)
class Record:
    """One ECG recording with everything that its database says about it.

    Attributes
    ----------
    database, name, patient : str
        Where it comes from and whose heart it is. Two records of one person share ``patient``. Where the database
        does not say, ``patient`` is unique to the record.
    signal : float32 array, shape (leads, samples)
        Millivolts.
    leads : tuple of str
        Names as in textbooks: I, II, III, aVR, aVL, aVF, V1–V6, MLII.
    rate : float
        Samples a second.
    beats : Beats or None
        None where the database marks no beats.
    rhythms : tuple of RhythmSpan
        In order of time, without overlap.
    waves : mapping of lead name to Waves
        Empty where the database marks no boundaries.
    labels : tuple of str
        Diagnostic labels of the whole record.
    age : float or None
        Years.
    sex : {"F", "M"} or None
    notes : mapping of str to str
        What else the database says.
    file : Path or None
        The header that it was read from; None for a record made otherwise.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> record = Record("demo", "1", "1", np.zeros((1, 720), np.float32), ("II",), 360.0)
    >>> record.seconds
    2.0
    >>> record.lead("II").shape
    (720,)
    """

    database: str
    name: str
    patient: str
    signal: NDArray[np.float32]
    leads: tuple[str, ...]
    rate: float
    beats: Beats | None = None
    rhythms: tuple[RhythmSpan, ...] = ()
    waves: Mapping[str, Waves] = field(default_factory=lambda: MappingProxyType({}))
    labels: tuple[str, ...] = ()
    age: float | None = None
    sex: str | None = None
    notes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    file: Path | None = None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.signal.shape[1] / self.rate

    @property
    def title(self) -> str:
        """Name with its database, as error messages print it."""
        return f"{self.database}/{self.name}"

    def lead(self, name: str) -> NDArray[np.float32]:
        """Give one lead, shape (samples,), in millivolts; raises LeadError where the record has no such lead."""
        return self.select([name])[0]

    def select(self, names: Iterable[str]) -> NDArray[np.float32]:
        """Give leads in the order asked for, shape (leads, samples); raises LeadError where one is missing."""
        names = list(names)
        missing = [name for name in names if name not in self.leads]
        if missing:
            raise LeadError(
                f"no lead {', '.join(missing)}",
                record=self.title,
                file=self.file,
                expected=f"leads among {', '.join(self.leads)}",
                remedy="ask for leads that the record has, or leave this record out",
            )
        return self.signal[[self.leads.index(name) for name in names]]
