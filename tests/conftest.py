"""Data for the tests: synthetic twins, written once a session, and the real databases where they are."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from ecglib.databases.synthetic import write_twins


@pytest.fixture(scope="session")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data directory with the twins of all four databases; copy it before changing anything."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(shared / "twins.lock"):
        return write_twins(shared / "twins", progress=False)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Data directory with the real databases."""
    place = os.environ.get("ECGLIB_DATA")
    if not place:
        pytest.skip("set ECGLIB_DATA to the folder with the real databases to run this test")
    return Path(place)


@pytest.fixture(scope="session")
def ptbxl_rows(real_data: Path) -> Callable[[int], Any]:
    """Function that gives what the tables say of each PTB-XL record here at a rate, by ecg_id, read by pandas alone."""
    import pandas as pd

    root = real_data / "ptb-xl/1.0.3"
    table = pd.read_csv(root / "ptbxl_database.csv", index_col="ecg_id")
    statements = pd.read_csv(root / "scp_statements.csv", index_col=0)
    superclass = statements.loc[statements["diagnostic"] == 1, "diagnostic_class"].to_dict()
    rhythms = set(statements.index[statements["rhythm"] == 1])
    side = dict.fromkeys(range(1, 9), "train") | {9: "validation", 10: "test"}

    def rows(rate: int) -> pd.DataFrame:
        found = table.reindex(sorted(int(file.name[:5]) for file in root.glob(f"records{rate}/*/*.hea")))
        codes = found["scp_codes"].map(lambda text: set(ast.literal_eval(text)) if isinstance(text, str) else set())
        found["rhythms"] = codes.map(lambda stated: stated & rhythms)
        found["superclasses"] = codes.map(lambda stated: {superclass[code] for code in stated & set(superclass)})
        found["side"] = found["strat_fold"].map(side)
        if (root / "superclasses.csv").is_file():  # stands in where the table lacks rows
            beside = pd.read_csv(root / "superclasses.csv", index_col="ecg_id").reindex(found.index)
            found["side"] = found["side"].fillna(beside["split"].replace("val", "validation"))
            lacking = found["scp_codes"].isna()
            found.loc[lacking, "superclasses"] = beside.loc[lacking, "superclasses"].fillna("").str.split().map(set)
        return found

    return rows


@pytest.fixture
def make_own_ecg() -> Callable[..., Any]:
    """Function that makes what ``predict_own_ecg`` gives, without any network: a beat a second, V every fifth."""

    def make(leads: tuple[str, ...] = ("II", "V5"), seconds: int = 20, waves: bool = True, gap: bool = False) -> Any:
        import numpy as np
        import pandas as pd

        from ecglib.databases import Record
        from ecglib.learning.own_ecg import OwnECG
        from ecglib.signals.clean_lead import Gap

        rate, lead = 250, next(name for name in ("II", *leads) if name in leads)
        time = np.arange(seconds * rate) / rate
        signal = np.tile(np.exp(-((time % 1 - 0.5) ** 2) / 5e-4), (len(leads), 1)).astype(np.float32)
        at = np.arange(seconds) + 0.5
        named = np.array(["V" if number % 5 == 4 else "N" for number in range(seconds)])
        named[0] = ""
        sure = np.where(named == "", np.nan, 0.9)
        beats = pd.DataFrame({"time_s": at, "sample": (at * rate).astype(int), "rr_s": np.diff(at, prepend=np.nan)})
        beats["class"], beats["probability"] = named, sure
        beats["probability_lowest"], beats["probability_highest"] = sure - 0.1, sure + 0.05
        beats["networks_agreeing"] = np.where(named == "", 0, np.where(np.arange(seconds) == 2, 2, 3))
        for name in "NSVFQ":
            beats[f"p_{name}"] = np.where(named == "", np.nan, np.where(named == name, 0.9, 0.025))
        count = seconds // 10
        rhythm = pd.DataFrame({"start_s": np.arange(count) * 10.0, "stop_s": np.arange(1, count + 1) * 10.0})
        rhythm["afib"], rhythm["afib_lowest"], rhythm["afib_highest"] = 0.25, 0.0, 0.5
        maps = np.full((count, 6, 37), 1 / 6, np.float32)
        rows = [
            {
                "wave": wave,
                "onset_s": middle + onset,
                "offset_s": middle + offset,
                "probability": 0.8,
                "onset_earliest_s": middle + onset - 0.01,
                "onset_latest_s": middle + onset,
                "offset_earliest_s": middle + offset,
                "offset_latest_s": middle + offset + 0.02,
                "networks_finding": 2,
            }
            for middle in at
            for wave, onset, offset in (("P", -0.2, -0.1), ("QRS", -0.05, 0.05), ("T", 0.2, 0.4))
        ]
        gaps: tuple[Gap, ...] = ()
        if gap:
            gaps = (Gap(3.1, 3.9, "no numbers"),)
            signal[leads.index(lead), round(3.1 * rate) : round(3.9 * rate)] = np.nan
            beats = beats[beats["time_s"] != 3.5].reset_index(drop=True)
            rhythm.loc[0, ["afib", "afib_lowest", "afib_highest"]] = np.nan
            maps[0] = np.nan
        files = tuple(f"10_cnn/cnn_inter_{seed}.safetensors" for seed in range(3))
        return OwnECG(
            record=Record("own", "mine", "mine", signal, leads, float(rate), notes={"format": "EDF", "unit": "uV"}),
            lead=lead,
            gaps=gaps,
            beats=beats,
            rhythm=rhythm,
            maps=maps,
            map_stride=0.25,
            waves=pd.DataFrame(rows) if waves else None,
            networks={"beats": files, "rhythm": files, "waves": files[:2] if waves else ()},
            notices=("Lead II has gaps.",) if gap else (),
        )

    return make
