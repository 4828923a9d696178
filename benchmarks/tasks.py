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


VIEWED, CONTRASTED, NUMBERS = 256, 512, 64
PRETRAINING_STEPS, PRETRAINING_BATCH = 20, 64


def _twelve_leads(recordings: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((recordings, 12, 1000), dtype=np.float32)


def views_plain() -> Timed:
    """Make 3KG's views recording by recording, with scipy's rotations."""
    from scipy.spatial.transform import Rotation

    from ecglib.signals.vcg import twelve_leads, vectorcardiogram

    recordings = _twelve_leads(VIEWED)

    def run() -> list[float]:
        generator = np.random.default_rng(0)
        views = np.empty_like(recordings)
        for row, recording in enumerate(recordings):
            turn = Rotation.from_euler("xyz", generator.uniform(-45, 45, 3), degrees=True).as_matrix()
            loop = generator.uniform(1, 1.5, 3)[:, np.newaxis] * (turn @ vectorcardiogram(recording))
            views[row] = twelve_leads(loop)
            for lead, start in enumerate(generator.integers(0, 501, 12)):
                views[row, lead, start : start + 500] = 0
        return [*views.shape, round(float((views == 0).mean()), 3)]

    return run


def views_ecglib() -> Timed:
    import torch

    from ecglib.learning.threekg import ThreeKG

    torch.set_num_threads(1)
    recordings, make = torch.from_numpy(_twelve_leads(VIEWED)), ThreeKG()

    def run() -> list[float]:
        views = make(recordings, torch.Generator().manual_seed(0)).ecg
        return [*views.shape, round(float((views == 0).float().mean()), 3)]

    return run


def _embeddings() -> tuple:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    targets = torch.rand(CONTRASTED, CONTRASTED)
    return (
        torch.randn(CONTRASTED, NUMBERS, requires_grad=True),
        torch.randn(CONTRASTED, NUMBERS, requires_grad=True),
        torch.maximum(targets, targets.T).fill_diagonal_(1),
    )


def contrast_plain() -> Timed:
    """Write the soft contrast as tutorials do, with the cosine of every pair of rows."""
    import torch
    from torch.nn.functional import cosine_similarity, log_softmax

    first, second, targets = _embeddings()

    def run() -> list[float]:
        first.grad = second.grad = None
        both = torch.cat([first, second])
        cosines = cosine_similarity(both.unsqueeze(1), both.unsqueeze(0), dim=2) / 0.1
        others = ~torch.eye(len(both), dtype=torch.bool)
        wanted = targets.repeat(2, 2)[others].view(len(both), -1)
        log_chance = log_softmax(cosines[others].view(len(both), -1), dim=1)
        loss = -((wanted / wanted.sum(dim=1, keepdim=True)) * log_chance).sum(dim=1).mean()
        loss.backward()
        return [round(loss.item(), 4), round(float(first.grad.norm()), 4)]

    return run


def contrast_ecglib() -> Timed:
    from ecglib.learning.nt_xent import nt_xent

    first, second, targets = _embeddings()

    def run() -> list[float]:
        first.grad = second.grad = None
        loss = nt_xent(first, second, targets)
        loss.backward()
        return [round(loss.item(), 4), round(float(first.grad.norm()), 4)]

    return run


def pretrain_ecglib(objective: str, recordings: str) -> Timed:
    """Pretrain for some steps from a file on disk that holds so many recordings."""
    import torch

    from ecglib.learning import objectives
    from ecglib.learning.pretrain import pretrain
    from ecglib.learning.pretraining_set import PretrainingSet
    from ecglib.models.ecg_encoder import ECGEncoder

    folder, count = tempfile.TemporaryDirectory(), int(recordings)
    file = f"{folder.name}/recordings"
    with open(file, "wb") as written:  # not through a map, whose pages would count as memory
        for start in range(0, count, 500):
            written.write(_twelve_leads(min(500, count - start)).tobytes())
    data = PretrainingSet(np.memmap(file, np.float32, "r", shape=(count, 12, 1000)))
    torch.manual_seed(0)
    make = {
        "3KG": objectives.RhythmAndBeatContrast,
        "CMSC": objectives.CMSC,
        "wav2vec": objectives.MaskedPrediction,
        "TS2Vec": objectives.TS2Vec,
        "ECG-FM": objectives.ECGFMStyle,
    }[objective]

    def run() -> int:
        with folder:
            pretrain(
                ECGEncoder(),
                make(),
                data,
                steps=PRETRAINING_STEPS,
                seed=0,
                batch_size=PRETRAINING_BATCH,
                device="cpu",
                progress=False,
            )
        return PRETRAINING_STEPS * PRETRAINING_BATCH

    return run
