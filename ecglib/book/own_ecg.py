"""What ``ecgbook predict`` writes and prints: a folder, whole or not at all, and a summary."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from ecglib.databases.aami import AAMI_CLASSES
from ecglib.errors import ECGError
from ecglib.figures.own_ecg import plot_own_ecg
from ecglib.learning.own_ecg import DISCLAIMER, SECONDS, OwnECG
from ecglib.signals import segments
from ecglib.signals.segments import segment_centres

UNITS = {
    "*_s": "seconds from the first sample",
    "rr_s": "seconds from the beat before",
    "sample": "index from 0, at the record's own rate",
    "class": "AAMI: N normal or bundle branch block, S supraventricular, V ventricular, F fusion, Q paced or unknown",
    "probability, p_*, afib": "0 to 1, mean over the networks; *_lowest and *_highest are those of single networks",
    "networks_agreeing, networks_finding": "how many networks give the same answer",
    "amplitudes": "millivolts",
}
"""What the columns mean, as the JSON file says it."""

_COLUMNS = len(DISCLAIMER)


def new_folder(out: Path) -> Path:
    """Give the folder back if nothing is there yet.

    Raises
    ------
    ECGError
        If something is there, for nothing is ever overwritten; or the folder above is missing.

    Notes
    -----
    Source: our choice. Taught on the page ``your_own_ecg``.

    Examples
    --------
    >>> new_folder(Path("no_such_folder_yet")).name
    'no_such_folder_yet'
    """
    if out.exists() or not out.absolute().parent.is_dir():
        raise ECGError(
            "nothing can be written here",
            file=out,
            expected="a new folder inside an existing one",
            found="something is there already" if out.exists() else "the folder above is missing",
            remedy="choose another place with --out, or move the old folder away",
        )
    return out


def write_own_ecg(found: OwnECG, out: Path, at: float = 0.0) -> list[Path]:
    """Write everything that was found into a new folder, whole or not at all.

    Parameters
    ----------
    found : OwnECG
    out : Path
        A folder that isn't there yet.
    at : float
        A second of the ten that are drawn.

    Returns
    -------
    list of Path
        ``ecg.json``, ``beats.csv``, ``rhythm.csv``, ``beat_score_map.csv``, ``waves.csv`` where waves were found, and
        ``ecg.png``.

    Raises
    ------
    ECGError
        As ``new_folder`` does.

    Notes
    -----
    Source: our choice. Taught on the page ``your_own_ecg``.
    """
    new_folder(out)
    unfinished = Path(tempfile.mkdtemp(dir=out.absolute().parent, prefix=f".{out.name}."))
    try:
        found.beats.to_csv(unfinished / "beats.csv", index=False, float_format="%.6g")
        found.rhythm.to_csv(unfinished / "rhythm.csv", index=False, float_format="%.6g")
        _map_table(found).to_csv(unfinished / "beat_score_map.csv", index=False, float_format="%.4g")
        if found.waves is not None:
            found.waves.to_csv(unfinished / "waves.csv", index=False, float_format="%.6g")
        text = json.dumps(as_json(found), indent=1, allow_nan=False, ensure_ascii=False)
        (unfinished / "ecg.json").write_text(f"{text}\n", encoding="utf-8")
        figure, _ = plot_own_ecg(found, at)
        figure.savefig(unfinished / "ecg.png", dpi=200, metadata={"Description": DISCLAIMER})
        unfinished.chmod(0o755)
        new_folder(out)
        unfinished.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return sorted(out.iterdir())


def as_json(found: OwnECG) -> dict[str, Any]:
    """Give everything but the maps as plain numbers, strings, lists and dictionaries.

    Notes
    -----
    What is unknown becomes None. Source: our choice. Taught on the page ``your_own_ecg``.
    """
    record = found.record
    return {
        "what_this_is": DISCLAIMER,
        "record": record.name,
        "format": record.notes.get("format", "a record in memory"),
        "unit_in_file": record.notes.get("unit", "mV"),
        "samples_a_second": record.rate,
        "seconds": record.seconds,
        "leads": list(record.leads),
        "lead_read": found.lead,
        "notices": list(found.notices),
        "gaps": [{"start_s": gap.start, "stop_s": gap.stop, "why": gap.why} for gap in found.gaps],
        "networks": {part: list(files) for part, files in found.networks.items()},
        "units": UNITS,
        "beats": _rows(found.beats),
        "rhythm": _rows(found.rhythm),
        "waves": None if found.waves is None else _rows(found.waves),
    }


def summary(found: OwnECG) -> str:
    """Say in a few lines what was found, and how sure the networks are.

    Notes
    -----
    Source: our choice. Taught on the page ``your_own_ecg``.
    """
    record, beats = found.record, found.beats
    lines = [
        f"{record.name}: {record.seconds:,.1f} s at {record.rate:g} Hz, leads {', '.join(record.leads)}. "
        f"Lead {found.lead} is read.",
        DISCLAIMER,
        "",
        f"Beats   {_beats_in_words(found)}",
        f"Rhythm  {_rhythm_in_words(found)}",
    ]
    if found.waves is not None:
        counts = found.waves["wave"].value_counts()
        lines.append("Waves   " + ", ".join(f"{counts.get(wave, 0):,} {wave}" for wave in ("P", "QRS", "T")) + ".")
    lines += [f"Notice  {notice}" for notice in found.notices]
    if len(beats) and (beats["class"] == "").any():
        lines.append(f"Notice  Beats without class, at ends or gaps: {(beats['class'] == '').sum():,}.")
    return "\n".join(fill(line, _COLUMNS, subsequent_indent=" " * 8, break_on_hyphens=False) for line in lines)


def _beats_in_words(found: OwnECG) -> str:
    beats, networks = found.beats, len(found.networks["beats"])
    if len(beats) == 0:
        return "none found."
    named = beats[beats["class"] != ""]
    text = f"{len(beats):,} found"
    if beats["rr_s"].notna().any():
        text += f", {60 / beats['rr_s'].median():.0f} a minute"
    counts = named["class"].value_counts()
    text += ": " + ", ".join(f"{counts[name]:,} {name}" for name in AAMI_CLASSES if name in counts)
    agreed = int((named["networks_agreeing"] == networks).sum())
    return f"{text}. All {networks} networks agree on {agreed:,} of {len(named):,}."


def _rhythm_in_words(found: OwnECG) -> str:
    known = found.rhythm.dropna()
    if known.empty:
        return "not named."
    likely = int((known["afib"] >= 0.5).sum())
    return (
        f"Atrial fibrillation is likelier than normal rhythm in {likely:,} of {len(known):,} stretches of {SECONDS} s. "
        f"Chance: mean {known['afib'].mean():.2f}; single networks from "
        f"{known['afib_lowest'].min():.2f} to {known['afib_highest'].max():.2f}."
    )


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if isinstance(value, float) and math.isnan(value) else value for name, value in row.items()}
        for row in table.round(6).astype(object).to_dict("records")
    ]


def _map_table(found: OwnECG) -> pd.DataFrame:
    centres = segment_centres(SECONDS * segments.RATE, segments.RATE, stride=found.map_stride)
    time = (found.rhythm["start_s"].to_numpy()[:, np.newaxis] + centres).ravel()
    names = (*AAMI_CLASSES, "no_beat")
    return pd.DataFrame({"time_s": time, **dict(zip(names, found.maps.swapaxes(0, 1).reshape(6, -1), strict=True))})
