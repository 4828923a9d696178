"""The tasks, each the usual way and ecglib's way. A task is prepared, then timed; imports are preparation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np

from ecglib.databases import MITBIH
from ecglib.databases.aami import AAMI_OF_SYMBOL
from ecglib.databases.splits import intra_patient
from ecglib.signals import BeatWindows, beat_windows, cut_windows, fits

BEFORE, AFTER = 100, 160
RESAMPLES, TEST_BEATS = 1000, 22_000
BATCH_SIZE = 256

Timed = Callable[[], object]
"""What is timed; it returns what it made, so that both ways can be seen to have made the same."""


def read_wfdb() -> Timed:
    import wfdb

    database = MITBIH()

    def run() -> int:
        windows, symbols = [], []
        for name in database.names():
            path = str(database.root / name)
            record, annotation = wfdb.rdrecord(path), wfdb.rdann(path, "atr")
            lead = record.sig_name.index("MLII" if "MLII" in record.sig_name else "V5")
            for sample, symbol in zip(annotation.sample, annotation.symbol, strict=True):
                if symbol in AAMI_OF_SYMBOL and sample >= BEFORE and sample + AFTER <= record.sig_len:
                    windows.append(record.p_signal[sample - BEFORE : sample + AFTER, lead])
                    symbols.append(symbol)
        return len(np.stack(windows).astype(np.float32))

    return run


def read_first() -> Timed:
    import scipy.signal  # noqa: F401
    import wfdb  # noqa: F401

    cache = tempfile.TemporaryDirectory()

    def run() -> int:
        with cache:
            return len(beat_windows(MITBIH(), cache=cache.name, progress=False))

    return run


def read_again() -> Timed:
    beat_windows(MITBIH(), progress=False)

    def run() -> int:
        found = beat_windows(MITBIH(), progress=False)
        np.asarray(found.windows).sum()  # touch every page of the map
        return len(found)

    return run


def _signals() -> list[tuple[np.ndarray, np.ndarray, float]]:
    records = []
    for record in MITBIH().read_all(progress=False):
        signal = record.select(["MLII" if "MLII" in record.leads else "V5"])
        assert record.beats is not None
        beats = record.beats.samples
        records.append((signal, beats[fits(beats, signal.shape[1], BEFORE, AFTER)], record.rate))
    return records


def cut_neurokit() -> Timed:
    import neurokit2

    signals = _signals()
    return lambda: sum(
        len(neurokit2.ecg_segment(signal[0], rpeaks=beats, sampling_rate=rate)) for signal, beats, rate in signals
    )


def cut_ecglib() -> Timed:
    signals = _signals()
    return lambda: sum(len(cut_windows(signal, beats, BEFORE, AFTER)) for signal, beats, _ in signals)


def _predictions() -> tuple[np.ndarray, np.ndarray]:
    """True classes with MIT-BIH's shares, and predictions of which 3 % are wrong."""
    generator = np.random.default_rng(0)
    true = generator.choice(5, TEST_BEATS, p=[0.828, 0.025, 0.066, 0.007, 0.074])
    return true, np.where(generator.random(TEST_BEATS) < 0.97, true, generator.integers(0, 5, TEST_BEATS))


def bootstrap_sklearn() -> Timed:
    from sklearn.metrics import f1_score

    true, predicted = _predictions()

    def run() -> np.ndarray:
        generator = np.random.default_rng(0)
        scores = []
        for _ in range(RESAMPLES):
            drawn = generator.integers(0, TEST_BEATS, TEST_BEATS)
            scores.append(f1_score(true[drawn], predicted[drawn], average="macro"))
        return np.percentile(scores, [2.5, 97.5]).round(2).tolist()

    return run


def bootstrap_ecglib() -> Timed:
    from ecglib.evaluation import classification_report

    true, predicted = _predictions()

    def run() -> list[float]:
        interval = classification_report(true, predicted, resamples=RESAMPLES)["macro_f1"]
        return [round(interval.low, 2), round(interval.high, 2)]

    return run


def _training() -> tuple[BeatWindows, np.ndarray]:
    windows = beat_windows(MITBIH(), progress=False)
    return windows, intra_patient(windows.classes, seed=0).train


def train_plain(threads: int | None = None) -> Timed:
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    if threads is not None:
        torch.set_num_threads(threads)
    windows, train = _training()
    data = TensorDataset(torch.from_numpy(windows.windows[train]), torch.from_numpy(windows.classes[train]))
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for inputs, outputs, width, stride in ((1, 32, 7, 4), (32, 64, 5, 2), (64, 64, 5, 2)):
        layers.append(nn.Conv1d(inputs, outputs, width, stride, padding=width // 2, bias=False))
        layers += [nn.BatchNorm1d(outputs), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Dropout1d(0.2), nn.Flatten(), nn.Linear(64 * 17, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run() -> int:
        model.train()
        for x, y in DataLoader(data, batch_size=BATCH_SIZE, shuffle=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        return len(data)

    return run


def train_plain_one_thread() -> Timed:
    return train_plain(threads=1)


def train_ecglib() -> Timed:
    import torch

    from ecglib.learning import Examples, fit
    from ecglib.models import CNN

    windows, train = _training()
    examples = Examples(windows.windows, windows.classes).take(train)
    few = examples.take(np.arange(BATCH_SIZE))
    torch.manual_seed(0)
    model = CNN()

    def run() -> int:
        fit(model, examples, few, epochs=1, seed=0, batch_size=BATCH_SIZE, device="cpu", progress=False)
        return len(examples)

    return run
