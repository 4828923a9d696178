from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from ecglib.book.command import main
from ecglib.book.own_ecg import summary, write_own_ecg
from ecglib.databases import Chapman
from ecglib.errors import ECGError
from ecglib.learning.own_ecg import DISCLAIMER

WEIGHTS = Path(__file__).parents[2] / "weights"


def test_the_folder_holds_everything_with_units(make_own_ecg: Callable[..., Any], tmp_path: Path) -> None:
    found = make_own_ecg(gap=True)
    written = write_own_ecg(found, tmp_path / "out")
    assert [file.name for file in written] == [
        "beat_score_map.csv",
        "beats.csv",
        "ecg.json",
        "ecg.png",
        "rhythm.csv",
        "waves.csv",
    ]
    told = json.loads((tmp_path / "out/ecg.json").read_text())
    assert told["what_this_is"] == DISCLAIMER
    assert told["gaps"] == [{"start_s": 3.1, "stop_s": 3.9, "why": "no numbers"}]
    assert told["beats"][0]["probability"] is None, "NaN is no JSON"
    assert told["beats"][3]["class"] == "V"
    assert told["rhythm"][0]["afib"] is None
    assert told["rhythm"][1]["afib"] == 0.25
    assert told["units"]["amplitudes"] == "millivolts"
    for name, table in (("beats", found.beats), ("rhythm", found.rhythm), ("waves", found.waves)):
        read = pd.read_csv(tmp_path / f"out/{name}.csv", keep_default_na=False, na_values={"probability": [""]})
        assert list(read) == list(table)
        assert len(read) == len(table) == len(told[name])
    maps = pd.read_csv(tmp_path / "out/beat_score_map.csv")
    assert len(maps) == 2 * 37
    assert maps["time_s"].iloc[[0, 37, -1]].tolist() == [0.5, 10.5, 19.5]
    assert maps["N"].isna().sum() == 37


def test_nothing_is_overwritten_and_nothing_is_half_done(
    make_own_ecg: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/precious.txt").write_text("old")
    with pytest.raises(ECGError, match=r"nothing can be written here.*--out"):
        write_own_ecg(make_own_ecg(), tmp_path / "mine")
    with pytest.raises(ECGError, match="the folder above is missing"):
        write_own_ecg(make_own_ecg(), tmp_path / "no/where")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="full"):
        write_own_ecg(make_own_ecg(), tmp_path / "out")
    assert [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))] == [
        "mine",
        "mine/precious.txt",
    ]


def test_the_summary_says_what_was_found_how_sure_and_what_it_is_not(make_own_ecg: Callable[..., Any]) -> None:
    told = summary(make_own_ecg(gap=True))
    assert max(map(len, told.splitlines())) <= 80
    assert re.sub(r"\n {8}", " ", told).splitlines() == [
        "mine: 20.0 s at 250 Hz, leads II, V5. Lead II is read.",
        DISCLAIMER,
        "",
        "Beats   19 found, 60 a minute: 14 N, 4 V. All 3 networks agree on 17 of 18.",
        "Rhythm  Atrial fibrillation is likelier than normal rhythm in 0 of 1 stretches of 10 s. "
        "Chance: mean 0.25; single networks from 0.00 to 0.50.",
        "Waves   20 P, 20 QRS, 20 T.",
        "Notice  Lead II has gaps.",
        "Notice  Beats without class, at ends or gaps: 1.",
    ]


def test_the_command_reads_a_synthetic_twin_with_the_committed_weights(
    twins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Chapman(twins)
    record = database.read(database.names()[0])
    np.save(tmp_path / "twin.npy", record.signal * 1000)
    monkeypatch.chdir(tmp_path)
    command = [
        "predict",
        "twin.npy",
        "--rate",
        "500",
        "--unit",
        "uV",
    ]  # outside the book's folder: its weights all the same
    assert main(command) == 1
    assert "--leads" in capsys.readouterr().err
    command += ["--leads", ",".join(record.leads)]
    assert main([*command, "--at", "99"]) == 1
    assert "nothing to draw" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "twin.npy"], "a refusal leaves nothing"
    assert main(command) == 0
    said = capsys.readouterr().out
    assert DISCLAIMER in said
    assert "Written to twin_ecg: " in said
    told = json.loads((tmp_path / "twin_ecg/ecg.json").read_text())
    assert told["lead_read"] == "II"
    assert len(told["networks"]["beats"]) == 3
    assert len(told["networks"]["rhythm"]) == 6
    assert len(told["beats"]) > 5
    assert main(command) == 1
    assert "something is there already" in capsys.readouterr().err
