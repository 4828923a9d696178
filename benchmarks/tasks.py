"""The tasks, each the usual way and ecglib's way. A task is prepared, then timed; imports are preparation."""

from __future__ import annotations

import tempfile
from collections.abc import Callable

import numpy as np

from ecglib.databases import MITBIH
from ecglib.databases.aami import AAMI_OF_SYMBOL
from ecglib.databases.splits import inter_patient, intra_patient
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


SEGMENTS, SEGMENT_SAMPLES, SEGMENT_RATE = 2000, 128, 128
WAVELET = "cmor1.5-1.0"


def _segments() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((SEGMENTS, SEGMENT_SAMPLES)).astype(np.float32)


def _scales() -> np.ndarray:
    """Scales of a scalogram's 32 frequencies: at scale 1 this wavelet has one period a sample."""
    from ecglib.signals.scalogram import FREQUENCIES

    return SEGMENT_RATE / np.array(FREQUENCIES)


def _made(magnitudes: np.ndarray) -> list[float]:
    return [*magnitudes.shape, round(float(magnitudes.mean()), 2)]


def scalogram_pywt(every: str) -> Timed:
    import pywt

    segments, scales = _segments(), _scales()

    def run() -> list[float]:
        found, _ = pywt.cwt(segments, scales, WAVELET, method="conv", axis=-1)
        return _made(np.abs(found).swapaxes(0, 1)[..., :: int(every)])

    return run


def scalogram_ptwt(every: str) -> Timed:
    import ptwt
    import torch

    torch.set_num_threads(1)
    segments, scales = torch.from_numpy(_segments()), _scales()

    def run() -> list[float]:
        found, _ = ptwt.cwt(segments, scales, WAVELET)
        return _made(found.abs().numpy().swapaxes(0, 1)[..., :: int(every)])

    return run


def scalogram_ecglib(every: str) -> Timed:
    import torch

    from ecglib.signals.scalogram import Scalogram, scalograms

    torch.set_num_threads(1)
    segments, module = _segments(), Scalogram(SEGMENT_SAMPLES, SEGMENT_RATE, wavelet=WAVELET, every=int(every))
    return lambda: _made(scalograms(segments, module, progress=False))


TRAINING_STEPS = 100


def _training() -> tuple[BeatWindows, np.ndarray]:
    windows = beat_windows(MITBIH(), progress=False)
    train = intra_patient(windows.classes, seed=0).train
    return windows, np.random.default_rng(0).permutation(train)[: TRAINING_STEPS * BATCH_SIZE]


def train_plain(network: str, threads: str = "") -> Timed:
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    from benchmarks import plain

    if threads:
        torch.set_num_threads(int(threads))
    windows, train = _training()
    data = TensorDataset(torch.from_numpy(windows.windows[train]), torch.from_numpy(windows.classes[train]))
    torch.manual_seed(0)
    model = getattr(plain, network)()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run() -> list[int]:
        model.train()
        for x, y in DataLoader(data, batch_size=BATCH_SIZE, shuffle=True):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        return [len(data), sum(parameter.numel() for parameter in model.parameters())]

    return run


def train_ecglib(network: str) -> Timed:
    import torch

    from ecglib import models
    from ecglib.learning import Examples, fit

    windows, train = _training()
    examples = Examples(windows.windows, windows.classes).take(train)
    few = examples.take(np.arange(BATCH_SIZE))
    torch.manual_seed(0)
    model = getattr(models, network)()

    def run() -> list[int]:
        fit(model, examples, few, epochs=1, seed=0, batch_size=BATCH_SIZE, device="cpu", progress=False)
        return [len(examples), sum(parameter.numel() for parameter in model.parameters())]

    return run


def _looked_at() -> tuple[np.ndarray, np.ndarray]:
    windows = beat_windows(MITBIH(), progress=False)
    rows = np.random.default_rng(0).permutation(len(windows))[:1000]
    return np.array(windows.windows[rows]), windows.classes[rows]


def gradcam_captum(network: str) -> Timed:
    import torch
    from captum.attr import LayerGradCam

    from ecglib import models
    from ecglib.evaluation.gradcam import last_features

    windows, classes = _looked_at()
    torch.manual_seed(0)
    model = getattr(models, network)().eval()
    explain = LayerGradCam(model, last_features(model))
    x, y = torch.from_numpy(windows), torch.from_numpy(classes)

    def run() -> list[int]:
        maps = explain.attribute(x, target=y, relu_attributions=True)
        return [len(maps), maps.shape[-1]]

    return run


def gradcam_ecglib(network: str) -> Timed:
    import torch

    from ecglib import models
    from ecglib.evaluation.gradcam import grad_cam

    windows, classes = _looked_at()
    torch.manual_seed(0)
    model = getattr(models, network)()
    return lambda: list(grad_cam(model, windows, classes, device="cpu").shape)


def _scored(patients: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """True classes, scores of three seeds as good as the chapters' models, and patients, of a split's test beats."""
    windows = beat_windows(MITBIH(), progress=False)
    test = (inter_patient(windows.records) if patients else intra_patient(windows.classes, seed=0)).test
    true, generator = windows.classes[test], np.random.default_rng(0)
    logits = generator.standard_normal((3, len(test), 5), dtype=np.float32)
    logits[:, np.arange(len(test)), true] += 3.0 if patients else 4.5
    scores = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return true, scores, windows.patients[test] if patients else None


def intervals_of_a_chapter(areas: str = "") -> Timed:
    """Three splits, three seeds: all metrics, and the confusion matrix; with a word, the areas under the ROC curve."""
    from ecglib.evaluation import classification_report, confusion_report

    splits = [_scored(patients) for patients in (False, False, True)]

    def run() -> int:
        found = 0
        for true, scores, patients in splits:
            predicted = scores.argmax(axis=-1)
            found += len(classification_report(true, predicted, scores=scores if areas else None, patients=patients))
            confusion_report(true, predicted, patients=patients)
        return found

    return run
