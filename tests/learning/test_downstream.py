"""Models learn from few labels what can be learnt, the same every time, and nothing from what is unknown."""

import numpy as np
import pytest
import torch

from ecglib.errors import ECGError
from ecglib.learning.downstream import (
    ROWS,
    fit_labels,
    fit_segmenter,
    known_cross_entropy,
    label_scores,
    predict_waves,
)
from ecglib.learning.examples import Examples
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.recording_classifier import RecordingClassifier
from ecglib.models.segmenter import Segmenter
from ecglib.signals.wave_labels import UNKNOWN


def recordings(number=12, samples=300, seed=0):
    """Bumps of three widths on noise, and which bump each sample lies in; every fifth label is unknown."""
    random = np.random.default_rng(seed)
    time = np.arange(samples)
    x, y = 0.02 * random.standard_normal((number, 2, samples)), np.zeros((number, samples), np.int64)
    for one, labels in zip(x, y, strict=True):
        for start in range(random.integers(10, 40), samples - 60, 75):
            for label, (at, half, height) in enumerate(((0, 4, 0.3), (18, 3, 1.5), (40, 8, 0.5)), start=1):
                one += height * np.exp(-(((time - start - at) / half * 1.5) ** 2))
                labels[abs(time - start - at) <= half] = label
    y[:, ::5] = UNKNOWN
    return x.astype(np.float32), y


def segmenter(seed=0, frozen=False):
    torch.manual_seed(seed)
    return Segmenter(ECGEncoder(leads=2, width=8), leads=2, width=8, frozen=frozen)


def classifier(seed=0, frozen=False):
    torch.manual_seed(seed)
    return RecordingClassifier(ECGEncoder(leads=2, width=8), classes=2, frozen=frozen)


def test_a_segmenter_learns_the_waves():
    x, y = recordings()
    model = segmenter()
    rates = {"learning_rate": 0.01, "encoder_learning_rate": 0.005}
    done = fit_segmenter(model, Examples(x, y), steps=80, seed=0, batch_size=8, device="cpu", progress=False, **rates)
    assert done.history[-1]["loss"] < 0.4 * done.history[0]["loss"]
    assert [row["step"] for row in done.history] == [2 * row for row in range(1, ROWS + 1)]
    new, true = recordings(seed=1)
    found = predict_waves(model, new, device="cpu")
    known = true != UNKNOWN
    assert (found[known] == true[known]).mean() > 0.9
    assert found.dtype == np.int64


def test_a_classifier_learns_the_labels_and_a_frozen_encoder_stays():
    x, _ = recordings(24)
    labels = np.stack([np.arange(24) % 2, np.arange(24) // 2 % 2], axis=1)
    x[labels[:, 0] == 1, 0] *= -1
    x[labels[:, 1] == 1, 1] *= 0.2
    for frozen in (False, True):
        model = classifier(frozen=frozen)
        before = {name: value.clone() for name, value in model.encoder.state_dict().items()}
        fit_labels(model, Examples(x, labels), steps=60, seed=0, batch_size=12, device="cpu", progress=False)
        same = all(torch.equal(value, before[name]) for name, value in model.encoder.state_dict().items())
        assert same == frozen
        scores = label_scores(model, x, device="cpu")
        assert scores.shape == (24, 2)
        assert ((scores > 0.5) == labels).mean() > (0.7 if frozen else 0.9)
        logits = np.log(scores / (1 - scores))
        with torch.no_grad():
            np.testing.assert_allclose(logits, model.eval()(torch.from_numpy(x)).numpy(), atol=1e-3)


def test_the_same_seed_gives_the_same_weights_and_leaves_chance_alone():
    x, y = recordings(5)
    found = []
    for seed in (0, 0, 1):
        model = segmenter()
        torch.manual_seed(7)
        fit_segmenter(model, Examples(x, y), steps=3, seed=seed, batch_size=4, device="cpu", progress=False)
        found.append((torch.cat([value.flatten() for value in model.parameters()]), torch.rand(1)))
    assert torch.equal(found[0][0], found[1][0])
    assert not torch.equal(found[0][0], found[2][0])
    assert found[0][1] == found[2][1]


def test_the_encoder_learns_at_its_own_rate():
    x, y = recordings(4)
    start = dict(segmenter().named_parameters())

    def moved(**rates):
        model = segmenter()
        fit_segmenter(model, Examples(x, y), steps=1, seed=0, batch_size=4, device="cpu", progress=False, **rates)
        ways = {"encoder": [], "head": []}
        for name, value in model.named_parameters():
            change = (value - start[name]).abs().max().item()
            ways["encoder" if name.startswith("encoder.") else "head"].append(change)
        return {part: max(changes) for part, changes in ways.items()}

    slow = moved(learning_rate=1e-2, encoder_learning_rate=1e-5)
    assert slow["encoder"] < 0.01 * slow["head"]
    assert moved(learning_rate=1e-2, encoder_learning_rate=1e-2)["encoder"] == pytest.approx(slow["head"], rel=0.2)


def test_unknown_samples_teach_nothing():
    random = np.random.default_rng(0)
    scores, labels = random.standard_normal((3, 4, 20)), random.integers(-1, 4, (3, 20))
    log = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    losses = [-log[b, labels[b, t], t] for b in range(3) for t in range(20) if labels[b, t] != UNKNOWN]
    found = known_cross_entropy(torch.from_numpy(scores), torch.from_numpy(labels))
    assert found.item() == pytest.approx(np.mean(losses), abs=1e-12)
    assert known_cross_entropy(torch.zeros(1, 4, 5), torch.full((1, 5), UNKNOWN)).item() == 0


def test_every_recording_comes_equally_often():
    from ecglib.learning.downstream import _batches

    places = np.concatenate(list(_batches(7, 5, 14, seed=0)))
    assert np.bincount(places).tolist() == [10] * 7
    assert sorted(places[:7].tolist()) == list(range(7))


def test_a_model_comes_back_from_the_device_also_after_an_error():
    """On the device its weights lie channels last; here that is the trace of having been there."""
    x, y = recordings(4)
    broken = np.where(np.arange(300) == 7, np.nan, x).astype(np.float32)
    model, seen = segmenter(), []
    model.blocks[0].register_forward_pre_hook(lambda *_: seen.append(home(model)))
    with pytest.raises(ECGError, match="no longer a number"):
        fit_segmenter(model, Examples(broken, y), steps=2, seed=0, device="cpu", progress=False)
    assert seen[0] is False
    assert home(model)
    model = classifier()
    with pytest.raises(RuntimeError):
        label_scores(model, x[:, :1], device="cpu")
    assert home(model)


def home(model):
    return all(value.device.type == "cpu" and value.is_contiguous() for value in model.parameters())


def test_nan_and_wrong_labels_are_refused():
    x, y = recordings(4)
    broken = np.where(np.arange(300) == 7, np.nan, x).astype(np.float32)
    with pytest.raises(ECGError, match="no longer a number"):
        fit_segmenter(segmenter(), Examples(broken, y), steps=2, seed=0, device="cpu", progress=False)
    with pytest.raises(ECGError, match="can't be learnt"):
        fit_segmenter(segmenter(), Examples(x, y[:, :200]), steps=2, seed=0, device="cpu", progress=False)
    for wrong in (UNKNOWN - 1, 4):
        with pytest.raises(ECGError, match=f"from 0 to 3, or -1 .*found .* with .*{wrong}"):
            fit_segmenter(segmenter(), Examples(x, np.where(y == 3, wrong, y)), steps=2, seed=0, progress=False)
    with pytest.raises(ECGError, match="can't be learnt"):
        fit_segmenter(segmenter(), Examples(x, y + 0.5), steps=2, seed=0, device="cpu", progress=False)
    for labels in (np.full((4, 2), 2), np.zeros((4, 3), int), np.zeros(4, int)):
        with pytest.raises(ECGError, match="can't be learnt"):
            fit_labels(classifier(), Examples(x, labels), steps=2, seed=0, device="cpu", progress=False)
