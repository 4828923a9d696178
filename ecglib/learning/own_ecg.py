"""What the book's networks say of a reader's own ECG: beats, rhythm and waves, each with how sure they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.databases.own_file import read_own_file
from ecglib.databases.record import Record, Waves
from ecglib.errors import ECGError, MissingFileError
from ecglib.learning.beat_score_map import beat_score_map
from ecglib.learning.predict import predict
from ecglib.learning.weights import load_weights, read_facts
from ecglib.models.beat_classifier import BeatClassifier
from ecglib.models.cnn import CNN
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.rhythm_cnn import RhythmCNN
from ecglib.models.segmenter import Segmenter
from ecglib.signals import segments, twelve_lead
from ecglib.signals.clean_lead import CleanLead, Gap, clean_lead
from ecglib.signals.detected_rr import r_peaks
from ecglib.signals.filters import bandpass
from ecglib.signals.segments import segment_centres, to_rate
from ecglib.signals.wave_labels import WAVES, waves_of_labels
from ecglib.signals.windows import cut_windows, fits

DISCLAIMER = "Teaching material, no medical device. It must not decide about anybody's health."
"""What every output says."""

SECONDS = 10
"""Length of a stretch whose rhythm is named."""

_BEAT_RATE, _BEFORE, _AFTER = 360, 100, 160  # as the CNN's windows were cut
_CNN, _RHYTHM, _WAVES = "10_cnn", "23_rhythm_classifier", "34_wave_segmentation"
_SEGMENTERS = ("beat_ssl", "supervised")
_AT_A_TIME = 30
_MARGIN = twelve_lead.RATE  # samples at a window's ends whose waves the next window tells


@dataclass(frozen=True)
class OwnECG:
    """One ECG as the networks read it.

    Attributes
    ----------
    record : Record
        All leads in millivolts, band-passed from 0.5 to 40 Hz; NaN in gaps.
    lead : str
        The lead that was read.
    gaps : tuple of Gap
        Stretches of this lead about which nothing is said.
    beats : DataFrame
        A row for each beat: ``time_s`` and ``sample`` of the R peak, ``rr_s`` since the beat before, ``class`` (N, S,
        V, F, Q, empty where the window doesn't fit), ``probability`` of this class with the lowest and highest of the
        networks, ``networks_agreeing``, and the mean probability of each class, ``p_N`` to ``p_Q``.
    rhythm : DataFrame
        A row for each 10 s: ``start_s``, ``stop_s``, and the chance of atrial fibrillation against normal rhythm,
        ``afib``, with the lowest and highest of the networks; NaN where a gap reaches in.
    maps : float32 array, shape (rows of ``rhythm``, 6, segments)
        Beat-score maps, means over the networks; NaN where a gap reaches in.
    map_stride : float
        Seconds from one segment of a map to the next.
    waves : DataFrame or None
        A row for each P, QRS and T: ``wave``, ``onset_s``, ``offset_s``, ``probability``, the earliest and latest
        onset and offset among the networks, ``networks_finding``. None where no weights are there.
    networks : mapping of str to tuple of str
        Files of the weights, for ``beats``, ``rhythm`` and ``waves``.
    notices : tuple of str
        What the reader has to know, in sentences.

    Notes
    -----
    Source: our choice. Taught on the page ``your_own_ecg``.
    """

    record: Record
    lead: str
    gaps: tuple[Gap, ...]
    beats: pd.DataFrame
    rhythm: pd.DataFrame
    maps: NDArray[np.float32]
    map_stride: float
    waves: pd.DataFrame | None
    networks: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]


def predict_own_ecg(
    source: str | os.PathLike[str] | Record,
    *,
    rate: float | None = None,
    unit: str | None = None,
    leads: Sequence[str] | None = None,
    lead: str | None = None,
    weights: str | os.PathLike[str] = "weights",
    device: str = "auto",
    progress: bool = True,
) -> OwnECG:
    """Read an ECG, clean and check it, and let the book's networks name beats, rhythm and waves.

    Parameters
    ----------
    source : path-like or Record
        A file as ``read_own_file`` takes it, or a record in millivolts.
    rate, unit, leads
        What the file doesn't say, as in ``read_own_file``.
    lead : str, optional
        The lead to read; None takes MLII or II.
    weights : path-like
        The book's folder ``weights``.
    device : str
        ``"auto"``, ``"cpu"`` or ``"cuda"``.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    OwnECG

    Raises
    ------
    ECGError
        Of the family: as ``read_own_file`` and ``clean_lead`` do, and MissingFileError where the weights of beats or
        rhythm are not there.

    Notes
    -----
    Beats: R peaks of the band-passed lead, then the CNNs of chapter ``10_cnn`` that learned from other people than
    they were tested on, one for each seed. Rhythm: the pairs of networks of chapter ``23_rhythm_classifier``, seed 0,
    one for each fold, plain maps. Waves: the segmenters of chapter ``34_wave_segmentation``, which see the lead in
    the place of all twelve. Probabilities are means over the networks, and lowest and highest are theirs. They are not
    the chance that the answer is right: nobody calibrated them on recordings like yours. This is teaching material, no
    medical device. Source: our choice. Taught on the page ``your_own_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> from ecglib.learning.weights import save_weights
    >>> place = Path(tempfile.mkdtemp())
    >>> for folder in ("10_cnn", "23_rhythm_classifier"):
    ...     (place / folder).mkdir()
    >>> save_weights(CNN(), place / "10_cnn/cnn_inter_0.safetensors")
    >>> save_weights(BeatClassifier(), place / "23_rhythm_classifier/bsm_beats_0_0.safetensors", {"stride_s": 0.25})
    >>> save_weights(RhythmCNN(), place / "23_rhythm_classifier/bsm_rhythm_0_0.safetensors", {"stride_s": 0.25})
    >>> beat = np.exp(-((np.arange(250) - 125) ** 2) / 20)
    >>> record = Record("own", "1", "1", np.tile(beat, 12)[None].astype(np.float32), ("II",), 250.0)
    >>> found = predict_own_ecg(record, weights=place, progress=False)
    >>> len(found.beats), float(found.beats["rr_s"].median()), len(found.rhythm), found.waves
    (12, 1.0, 1, None)
    """
    record = source if isinstance(source, Record) else read_own_file(source, rate=rate, unit=unit, leads=leads)
    chosen = clean_lead(record, lead)
    folder = Path(weights)
    networks = {"beats": _files(folder, _CNN, "cnn_inter_*"), "rhythm": _files(folder, _RHYTHM, "bsm_rhythm_0_*")}
    segmenters = [folder / _WAVES / f"{name}.safetensors" for name in _SEGMENTERS]
    networks["waves"] = [file for file in segmenters if file.is_file()]
    notices = list(chosen.notices)
    if "left out" in record.notes:
        notices.append(f"Channels that are no lead were left out: {record.notes['left out']}.")
    try:
        beats = _beats(chosen, record, networks["beats"], device)
        rhythm, maps, stride = _rhythm(chosen, record.rate, networks["rhythm"], device, progress)
        waves = _waves(chosen, record.rate, networks["waves"], device, progress) if networks["waves"] else None
        shown = replace(record, signal=_filtered(record, chosen))
    except ECGError as error:
        raise type(error)(
            error.problem,
            record=record.title,
            file=error.file or record.file,
            expected=error.expected,
            found=error.found,
            remedy=error.remedy,
        ) from error
    if len(beats) == 0:
        notices.append(f"No beat was found in lead {chosen.name}.")
    if rhythm["afib"].isna().all():
        notices.append("No ten seconds without a gap begin at a multiple of ten seconds, so no rhythm is named.")
    if waves is None:
        notices.append(
            f"Waves are left out: no weights in {_WAVES}. The chapter of this name trains them, and then they are read."
        )
    return OwnECG(
        record=shown,
        lead=chosen.name,
        gaps=chosen.gaps,
        beats=beats,
        rhythm=rhythm,
        maps=maps,
        map_stride=stride,
        waves=waves,
        networks={part: tuple(f"{file.parent.name}/{file.name}" for file in files) for part, files in networks.items()},
        notices=tuple(notices),
    )


def _files(weights: Path, chapter: str, pattern: str) -> list[Path]:
    found = sorted((weights / chapter).glob(f"{pattern}.safetensors"))
    if not found:
        raise MissingFileError(
            "no weights here",
            file=weights / chapter,
            expected=f"{pattern}.safetensors",
            found="none",
            remedy="pass weights= (--weights on the command line) with the book's folder of this name",
        )
    return found


def _filtered(record: Record, chosen: CleanLead) -> NDArray[np.float32]:
    """Give all leads band-passed, with NaN in their gaps."""
    signal = np.full(record.signal.shape, np.nan, np.float32)
    for row, raw, name in zip(signal, record.signal, record.leads, strict=True):
        known = np.isfinite(raw)
        if not known.any():
            continue
        if name == chosen.name:
            whole = chosen.signal
        else:
            whole = np.interp(np.arange(len(raw)), np.flatnonzero(known), raw[known]).astype(np.float32)
        row[known] = bandpass(whole, record.rate)[known]
    for gap in chosen.gaps:
        span = slice(round(gap.start * record.rate), round(gap.stop * record.rate))
        signal[record.leads.index(chosen.name), span] = np.nan
    return signal


def _beats(lead: CleanLead, record: Record, files: Sequence[Path], device: str) -> pd.DataFrame:
    signal = bandpass(to_rate(lead.signal, record.rate, _BEAT_RATE), _BEAT_RATE)
    # The detector passes over a beat that begins or ends the signal; with a second added at each end it doesn't.
    peaks = r_peaks(np.pad(signal, _BEAT_RATE, mode="edge"), _BEAT_RATE) - _BEAT_RATE
    peaks = peaks[(peaks >= 0) & (peaks < len(signal))]
    peaks = peaks[lead.clear(peaks / _BEAT_RATE, before=0.1, after=0.1)]
    seconds = peaks / _BEAT_RATE
    whole = fits(peaks, len(signal), _BEFORE, _AFTER)
    whole &= lead.clear(seconds, before=_BEFORE / _BEAT_RATE, after=_AFTER / _BEAT_RATE)
    scores = np.full((len(files), len(peaks), len(AAMI_CLASSES)), np.nan)
    if whole.any():
        windows = cut_windows(signal[np.newaxis], peaks[whole], _BEFORE, _AFTER)
        for row, file in zip(scores, files, strict=True):
            row[whole] = predict(load_weights(CNN(), file), windows, device=device)
    mean = scores.mean(axis=0)
    first = np.where(whole, np.nan_to_num(mean).argmax(axis=1), 0)
    own = scores[:, np.arange(len(peaks)), first]
    agreeing = (np.nan_to_num(scores).argmax(axis=2) == first).sum(axis=0)
    since = np.diff(seconds, prepend=np.nan)
    for gap in lead.gaps:
        since[np.flatnonzero(seconds >= gap.stop)[:1]] = np.nan
    return pd.DataFrame(
        {
            "time_s": seconds,
            "sample": np.minimum(np.rint(seconds * record.rate).astype(np.int64), record.signal.shape[1] - 1),
            "rr_s": since,
            "class": np.where(whole, np.array(AAMI_CLASSES)[first], ""),
            "probability": own.mean(axis=0),
            "probability_lowest": own.min(axis=0),
            "probability_highest": own.max(axis=0),
            "networks_agreeing": np.where(whole, agreeing, 0),
            **{f"p_{name}": mean[:, place] for place, name in enumerate(AAMI_CLASSES)},
        }
    )


def _rhythm(
    lead: CleanLead, rate: float, files: Sequence[Path], device: str, progress: bool
) -> tuple[pd.DataFrame, NDArray[np.float32], float]:
    size = SECONDS * segments.RATE
    signal = bandpass(to_rate(lead.signal, rate, segments.RATE), segments.RATE)
    count = len(signal) // size
    starts = np.arange(count) * float(SECONDS)
    free = np.flatnonzero(lead.clear(starts, before=0, after=SECONDS))
    windows = signal[: count * size].reshape(count, size)[free]
    stride = float(read_facts(files[0])["stride_s"])
    columns = len(segment_centres(size, segments.RATE, stride=stride))
    maps = np.zeros((len(windows), 6, columns), np.float32)
    scores = np.zeros((len(files), len(windows)))
    parts = range(0, len(windows), _AT_A_TIME)
    with tqdm(
        total=len(files) * len(windows), desc="reading the rhythm", unit="window", delay=2, disable=not progress
    ) as bar:
        for row, file in zip(scores, files, strict=True):
            beat_model = load_weights(BeatClassifier(), file.with_name(file.name.replace("_rhythm_", "_beats_")))
            rhythm_model = load_weights(RhythmCNN(segments=columns), file)
            for start in parts:
                part = slice(start, start + _AT_A_TIME)
                found = beat_score_map(beat_model, windows[part], stride=stride, device=device)
                maps[part] += found / len(files)
                row[part] = predict(rhythm_model, found, device=device)[:, 1]
                bar.update(len(found))
    table = pd.DataFrame({"start_s": starts, "stop_s": starts + SECONDS})
    for name, values in (("", scores.mean(axis=0)), ("_lowest", scores.min(axis=0)), ("_highest", scores.max(axis=0))):
        table[f"afib{name}"] = pd.Series(values, index=free, dtype=np.float64).reindex(table.index)
    every = np.full((count, 6, columns), np.nan, np.float32)
    every[free] = np.clip(maps, 0, 1)
    return table, every, stride


def _waves(lead: CleanLead, rate: float, files: Sequence[Path], device: str, progress: bool) -> pd.DataFrame:
    of_rate, size = twelve_lead.RATE, twelve_lead.SAMPLES
    signal = bandpass(to_rate(lead.signal, rate, of_rate), of_rate)
    starts = np.unique([*range(0, max(len(signal) - size, 0), size - 2 * _MARGIN), len(signal) - size])
    scores = np.zeros((len(files), len(WAVES) + 1, len(signal)), np.float32)
    with tqdm(
        total=len(files) * len(starts), desc="finding waves", unit="window", delay=2, disable=not progress
    ) as bar:
        for row, file in zip(scores, files, strict=True):
            model = load_weights(Segmenter(ECGEncoder()), file)
            for part in np.array_split(starts, -(-len(starts) // _AT_A_TIME)):
                windows = np.stack([signal[start : start + size] for start in part])
                twelve = np.repeat(windows[:, np.newaxis], len(twelve_lead.LEADS), axis=1)
                for start, found in zip(
                    part, predict(model, twelve, device=device, batch_size=_AT_A_TIME), strict=True
                ):
                    margin = _MARGIN if start else 0
                    row[:, start + margin : start + size] = found[:, margin:]
                bar.update(len(part))
    mean = scores.mean(axis=0)
    waves, by_network = waves_of_labels(mean.argmax(axis=0)), [waves_of_labels(row.argmax(axis=0)) for row in scores]
    rows = []
    for wave, onset, offset in zip(waves.kinds, waves.onsets, waves.offsets, strict=True):
        partners = [partner for found in by_network if (partner := _partner(found, str(wave), onset, offset))]
        onsets, offsets = zip(*(partners or [(onset, offset)]), strict=True)
        rows.append(
            {
                "wave": str(wave),
                "onset_s": onset / of_rate,
                "offset_s": offset / of_rate,
                "probability": float(mean[WAVES.index(str(wave)) + 1, onset : offset + 1].mean()),
                "onset_earliest_s": min(onsets) / of_rate,
                "onset_latest_s": max(onsets) / of_rate,
                "offset_earliest_s": min(offsets) / of_rate,
                "offset_latest_s": max(offsets) / of_rate,
                "networks_finding": len(partners),
            }
        )
    names = ["wave", "onset_s", "offset_s", "probability", "onset_earliest_s", "onset_latest_s"]
    table = pd.DataFrame(rows, columns=[*names, "offset_earliest_s", "offset_latest_s", "networks_finding"])
    middle, half = (table["onset_s"] + table["offset_s"]) / 2, (table["offset_s"] - table["onset_s"]) / 2
    if lead.gaps:
        reach = float(half.max()) if len(table) else 0.0
        table = table[lead.clear(middle.to_numpy(), before=reach, after=reach)].reset_index(drop=True)
    return table


def _partner(found: Waves, wave: str, onset: int, offset: int) -> tuple[int, int] | None:
    """Give onset and offset of the wave of this kind that overlaps most, or None."""
    shared = np.minimum(found.offsets, offset) - np.maximum(found.onsets, onset) + 1
    shared = np.where(found.kinds == wave, shared, 0)
    if not shared.size or shared.max() <= 0:
        return None
    best = int(shared.argmax())
    return int(found.onsets[best]), int(found.offsets[best])
