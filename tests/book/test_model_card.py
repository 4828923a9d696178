"""A card says of weights what their files and the results say, and the check finds one that doesn't."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ecglib.book.check import check
from ecglib.book.headers import Header, read_headers
from ecglib.book.model_card import CARD, card_problems, model_card, write_card
from ecglib.book.publish import publish
from ecglib.book.results import Metric, Results
from ecglib.errors import ChapterError, DamagedFileError

HEADER = Header("11_two", Path("11_two.py"), "Two networks", (), ("mitbih",), ("scale", "pretrained"))
RESULTS = Results(
    "11_two",
    "cpu",
    {
        "commit": "0123456789abcdef0123",
        "data": {"mitbih": {"version": "1.0.0", "records": 47, "sha256": "f" * 64, "synthetic": False}},
        "seeds": [3, 4],
        "device": "cpu (2 threads)",
        "versions": {"torch": "2.13.0"},
        "started": "2026-01-31T12:00:00+00:00",
    },
    {
        "cnn.intra.macro_f1": Metric(0.91, 0.9, 0.92, 0.95, "beat bootstrap", 21_889, (0.905, 0.915)),
        "cnn.intra.f1_S": Metric(0.81, 0.8, 0.82, 0.95, "beat bootstrap", 21_889),
        "cnn.inter.macro_f1": Metric(0.45, 0.4, 0.5, 0.95, "patient bootstrap", 21, (0.44, 0.46)),
        "cnn.inter.macro_f1_minus_cnn_lstm": Metric(0.01),
        "cnn.model.parameters": Metric(30_000),
        "cnn_lstm.inter.macro_f1": Metric(0.48, 0.42, 0.53, 0.95, "patient bootstrap", 21, (0.47, 0.49)),
    },
)


def save(folder: Path, name: str, **facts: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"w": np.zeros((2, 3), np.float32)}, folder / name, {"facts": json.dumps(facts)})
    return folder / name


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights" / "11_two"
    common = {"training_examples": 45_678, "epochs": 12, "best_epoch": 9, "validation_score": 0.951}
    for split in ("intra", "inter"):
        save(folder, f"cnn_{split}_3.safetensors", model="CNN", split=split, seed=3, **common)
    save(folder, "cnn_lstm_inter_4.safetensors", model="CNNLSTM", split="inter", seed=4, **common)
    return folder


def rows(card: str, begin: str) -> dict[str, list[str]]:
    """Cells of the table rows whose first cell is in code marks or a metric's name, after a heading."""
    table = card[card.index(begin) :]
    found = re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE)
    return {first.strip("`"): rest.split(" | ") for first, rest in reversed(found)}


def test_the_card_names_every_file_with_its_facts(weights: Path) -> None:
    card = model_card(weights, HEADER, RESULTS)
    table = rows(card, "## Files")
    for file in weights.glob("*.safetensors"):
        cells = table[file.name]
        assert cells[1:6] == [file.stem.split("_")[-2], file.stem[-1], "45,678", "12 (9)", "0.951"]
        assert cells[7:] == [f"{file.stat().st_size:,}", f"`{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}`"]
    assert table["cnn_lstm_inter_4.safetensors"][0] == "CNNLSTM"


def test_each_file_has_the_score_of_its_own_seed(weights: Path) -> None:
    table = rows(model_card(weights, HEADER, RESULTS), "## Files")
    assert {name: cells[6] for name, cells in table.items() if name.endswith(".safetensors")} == {
        "cnn_intra_3.safetensors": "0.905",
        "cnn_inter_3.safetensors": "0.440",
        "cnn_lstm_inter_4.safetensors": "0.490",
    }


def test_the_card_gives_data_command_scores_limits_and_how_to_load(weights: Path) -> None:
    card = model_card(weights, HEADER, RESULTS)
    for said in (
        "# Weights of Two networks",
        "ecgbook run 11_two --scale cpu --publish",
        "`0123456789ab`",
        "47 of 48 records",
        "2026-01-31",
        "mean over seeds 3, 4",
        "Open Data Commons Attribution License",
        "split `intra` has seen other beats of every test patient",
        "split `inter` has never seen a test patient",
        "no medical device",
        "from ecglib.models.cnn import CNN",
        "load_weights(CNN(), file)",
        "`ecglib.models.cnn_lstm.CNNLSTM`: Takes (batch, leads, samples) in millivolts",
        "ecgbook run 11_two --pretrained",
    ):
        assert said in card
    assert "split `blocked`" not in card
    scores = rows(card, "## Measured scores")
    assert scores["macro_f1"] == ["0.910 (0.900 to 0.920)", "0.450 (0.400 to 0.500)"]
    assert scores["f1_S"] == ["0.810 (0.800 to 0.820)", "–"]
    assert scores["interval"] == ["beat bootstrap, n = 21,889", "patient bootstrap, n = 21"]
    assert "| `cnn_lstm` | inter |" in card
    assert "parameters" not in scores
    assert "minus" not in card


def test_weights_without_facts_or_scores_of_their_own_still_have_a_card(tmp_path: Path) -> None:
    folder = tmp_path / "11_two"
    save(folder, "generator_intra_3.safetensors")
    card = model_card(folder, HEADER, RESULTS)
    assert rows(card, "## Files")["generator_intra_3.safetensors"][:6] == ["–"] * 6
    assert rows(card, "## Measured scores")["cnn.intra.macro_f1"][0] == "0.910 (0.900 to 0.920)"
    assert "minus" not in card


def test_how_to_load_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The code of the card, run as it stands."""
    from ecglib.learning.weights import save_weights
    from ecglib.models import CNN

    folder = tmp_path / "weights" / "11_two"
    folder.mkdir(parents=True)
    save_weights(CNN(leads=2), folder / "cnn_intra_3.safetensors", {"model": "CNN", "make": "CNN(leads=2)", "seed": 3})
    card = model_card(folder, HEADER, RESULTS)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", card, re.DOTALL)[0], names)
    assert type(names["model"]) is CNN
    assert "'make': 'CNN(leads=2)'" in capsys.readouterr().out


def test_a_model_on_an_encoder_loads_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both classes are imported, and a chapter that always trains isn't said to run without."""
    from ecglib.learning.weights import save_weights
    from ecglib.models.ecg_encoder import ECGEncoder
    from ecglib.models.segmenter import Segmenter

    folder = tmp_path / "weights" / "11_two"
    folder.mkdir(parents=True)
    made = {"model": "Segmenter", "make": "Segmenter(ECGEncoder())", "seed": 3}
    save_weights(Segmenter(ECGEncoder()), folder / "a.safetensors", made)
    card = model_card(folder, replace(HEADER, parameters=("scale",)), RESULTS)
    assert "--pretrained" not in card
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", card, re.DOTALL)[0], names)
    assert type(names["model"]) is Segmenter


def test_what_gets_no_card(tmp_path: Path) -> None:
    with pytest.raises(ChapterError, match="no weights to write a card for"):
        model_card(tmp_path, HEADER, RESULTS)
    (tmp_path / "broken.safetensors").write_bytes(b"broken")
    with pytest.raises(DamagedFileError, match="a safetensors file"):
        model_card(tmp_path, HEADER, RESULTS)


def test_the_check_finds_missing_and_false_cards(weights: Path) -> None:
    root, headers, results = weights.parents[1], {"11_two": HEADER}, {"11_two": RESULTS}

    def said() -> str:
        return "; ".join(f"{name}: {message}" for name, message in card_problems(root, headers, results))

    assert said() == "11_two: its weights have no card; write it: ecgbook pair 11_two"
    write_card(weights, HEADER, RESULTS)
    assert said() == ""
    save(weights, "cnn_intra_5.safetensors", model="CNN", split="intra", seed=5)
    assert "doesn't name cnn_intra_5.safetensors" in said()
    write_card(weights, HEADER, RESULTS)
    assert said() == ""
    card = weights / CARD
    card.write_text(card.read_text(encoding="utf-8").replace("0.450", "0.950"), encoding="utf-8")
    assert "not that of these weights and results" in said()
    write_card(weights, HEADER, RESULTS)
    (weights / "cnn_inter_3.safetensors").unlink()
    assert "not that of these weights and results" in said()
    save(root / "weights" / "99_gone", "a.safetensors")
    assert "99_gone: weights/ holds a folder that belongs to no chapter" in said()


def test_check_reports_it_for_the_committed_book(tmp_path: Path, make_book, pretend_run) -> None:  # type: ignore[no-untyped-def]
    root = make_book(tmp_path / "book")
    pretend_run(root, "cpu")
    publish(root, "cpu", list(read_headers(root)))
    assert [str(problem) for problem in check(root) if problem.kind == "weights"] == []
    (root / "weights" / "00_first" / CARD).unlink()
    assert [problem.place for problem in check(root) if problem.kind == "weights"] == ["00_first"]
    assert [problem for problem in check(root, "cpu") if problem.kind == "weights"] == []
