"""Beat-SSL's objective against its parts in NumPy, for every row of the ablation."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecglib.errors import ECGError
from ecglib.learning.objectives import contrast
from ecglib.learning.objectives.contrast import RhythmAndBeatContrast
from ecglib.learning.pretraining_set import PretrainingBatch
from ecglib.learning.threekg import ThreeKG
from ecglib.models.ecg_encoder import ECGEncoder

KINDS = ("hard", "soft_1", "soft_2")


class Likeness(nn.Module):
    """Alike by the difference of the first feature; notes what it was asked."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def soft_targets(self, a, b, exponent):
        self.asked.append((a, b, exponent))
        return torch.exp(-exponent * (a[:, :1] - b[:, 0]).abs())


def batch(recordings=4, samples=240, beats=7, seed=0):
    random = torch.Generator().manual_seed(seed)
    return PretrainingBatch(
        torch.randn(recordings, 12, samples, generator=random),
        torch.arange(recordings),
        torch.randint(0, recordings - 1, (beats,), generator=random).sort().values,
        torch.randint(0, samples, (beats,), generator=random),
        {name: torch.rand(recordings, 3, generator=random) for name in KINDS[1:]},
        {name: torch.rand(beats, 2, generator=random) for name in KINDS[1:]},
        torch.randint(0, 3, (beats,), generator=random),
    )


def encoder():
    torch.manual_seed(0)
    return ECGEncoder(width=8)


def made(**settings):
    torch.manual_seed(1)
    settings = {"rhythm_similarity": Likeness(), "beat_similarity": Likeness(), "exponent": 2.0} | settings
    return RhythmAndBeatContrast(32, dimensions=8, **settings)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def cross_entropy(first, second, targets):
    """The loss of two views, row by row."""
    rows = [row / np.linalg.norm(row) for row in np.concatenate([first, second]).astype(np.float64)]
    n, total = len(first), 0.0
    for i in range(2 * n):
        others = [j for j in range(2 * n) if j != i]
        logits = np.array([rows[i] @ rows[j] / 0.1 for j in others])
        wanted = np.array([targets[i % n][j % n] for j in others], dtype=np.float64)
        log_p = logits - math.log(np.exp(logits - logits.max()).sum()) - logits.max()
        total -= (wanted / wanted.sum() * log_p).sum()
    return total / (2 * n)


def around(features, given):
    """Read each beat's region with numpy, channel by channel: 10 places from 5 steps before to 5 after the peak."""
    places = [sample / 8 + 10 * ((k + 0.5) / 10) - 5 for sample in given.sample.tolist() for k in range(10)]
    places = np.array(places).reshape(-1, 10)
    steps = np.arange(features.shape[2])
    read = [
        [np.interp(where, steps, channel) for channel in features[row].numpy()]
        for where, row in zip(places, given.recording.tolist(), strict=True)
    ]
    return torch.tensor(np.array(read), dtype=torch.float32).flatten(1)


def targets(kind, features, labels):
    if kind == "hard":
        return np.eye(len(features["soft_1"])) if labels is None else np.equal.outer(labels, labels)
    first = features[kind][:, 0].numpy()
    return np.exp(-2.0 * np.abs(first[:, None] - first))


@pytest.mark.parametrize("beat", [None, *KINDS])
@pytest.mark.parametrize("rhythm", KINDS)
def test_every_row_of_the_ablation_is_its_parts_added(rhythm, beat):
    given, network, objective = batch(), encoder(), made(rhythm=rhythm, beat=beat)
    loss = objective(network, given, generator())
    same, views = generator(), ThreeKG()
    with torch.no_grad():
        features = [network(views(given.x, same).ecg) for _ in range(2)]
        of_rhythm = [objective.of_rhythm(view.mean(dim=2)).numpy() for view in features]
        expected = cross_entropy(*of_rhythm, targets(rhythm, given.recording_features, None))
        if beat is not None:
            of_beat = [objective.of_beat(around(view, given)).numpy() for view in features]
            wanted = targets(beat, given.beat_features, given.pseudo_labels.numpy())
            expected += cross_entropy(*of_beat, wanted)
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)


def test_3kg_has_no_projector_for_beats_and_asks_nothing_of_them():
    objective = RhythmAndBeatContrast(32)
    given = batch()
    alone = PretrainingBatch(given.x, given.index, torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long))
    network = encoder()
    assert torch.equal(objective(network, given, generator()), objective(network, alone, generator()))
    assert {name.split(".")[0] for name, _ in objective.named_parameters()} == {"of_rhythm"}


def test_the_exponent_reaches_both_similarities():
    rhythm, beat = Likeness(), Likeness()
    objective = made(rhythm="soft_1", beat="soft_2", exponent=50.0, rhythm_similarity=rhythm, beat_similarity=beat)
    given = batch()
    objective(encoder(), given, generator())
    ((a, b, exponent),) = rhythm.asked
    assert a is b is given.recording_features["soft_1"]
    assert exponent == 50.0
    ((a, b, exponent),) = beat.asked
    assert sorted(a.tolist()) == sorted(given.beat_features["soft_2"].tolist())
    assert exponent == 50.0


def test_a_similarity_with_buffers_moves_with_the_objective():
    likeness = Likeness()
    likeness.register_buffer("unit", torch.ones(()))
    assert "rhythm_similarity.unit" in made(rhythm="soft_1", rhythm_similarity=likeness).state_dict()


def test_a_batch_without_beats_has_the_loss_of_its_recordings_and_a_gradient():
    given = batch(beats=0)
    network, objective = encoder(), made(beat="hard")
    loss = objective(network, given, generator())
    torch.testing.assert_close(loss, made()(network, given, generator()))
    loss.backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in objective.parameters())


def test_beats_without_a_name_take_no_part_in_hard_targets_only():
    given, network = batch(), encoder()
    labels = given.pseudo_labels.clone()
    labels[[1, 4]] = -1
    named = torch.tensor([0, 2, 3, 5, 6])
    fewer = replace(
        given,
        recording=given.recording[named],
        sample=given.sample[named],
        beat_features={name: rows[named] for name, rows in given.beat_features.items()},
        pseudo_labels=labels[named],
    )
    unnamed = replace(given, pseudo_labels=labels)
    torch.testing.assert_close(
        made(beat="hard")(network, unnamed, generator()), made(beat="hard")(network, fewer, generator())
    )
    soft = made(beat="soft_1")(network, unnamed, generator())
    assert torch.equal(soft, made(beat="soft_1")(network, given, generator()))
    assert not torch.isclose(soft, made(beat="soft_1")(network, fewer, generator()))


def test_of_very_many_beats_some_are_drawn(monkeypatch):
    monkeypatch.setattr(contrast, "MOST_BEATS", 5)
    likeness, given = Likeness(), batch(beats=40)
    numbered = replace(given, beat_features={"soft_1": torch.arange(40.0)[:, None]})
    objective = made(beat="soft_1", beat_similarity=likeness)
    for seed in (0, 1):
        objective(encoder(), numbered, generator(seed))
    drawn = [sorted(asked[0].flatten().tolist()) for asked in likeness.asked]
    assert [len(set(beats)) for beats in drawn] == [5, 5]
    assert drawn[0] != drawn[1]


def test_views_may_be_others():
    given, network = batch(), encoder()
    still = ThreeKG(rotation=0, scaling=1, masked=0)
    loss = made(views=still)(network, given, generator())
    assert torch.equal(loss, made(views=still)(network, given, generator(1)))


@pytest.mark.parametrize(
    "settings",
    [
        {"rhythm": "soft"},
        {"rhythm": None},
        {"beat": "soft_3"},
        {"rhythm": "soft_1", "rhythm_similarity": None},
        {"beat": "soft_2", "beat_similarity": None},
        {"exponent": 0.0},
        {"exponent": float("nan")},
    ],
)
def test_contrasts_that_do_not_exist_are_refused(settings):
    with pytest.raises(ECGError, match="no such contrast") as error:
        made(**settings)
    assert error.value.remedy


@pytest.mark.parametrize(
    ("settings", "lacking", "message"),
    [
        ({"beat": "hard"}, {"pseudo_labels": None}, "without pseudo-labels"),
        ({"beat": "soft_1"}, {"beat_features": {}}, "without features for soft_1"),
        ({"rhythm": "soft_2"}, {"recording_features": {}}, "without features for soft_2"),
    ],
)
def test_a_batch_that_lacks_what_a_target_needs_is_refused(settings, lacking, message):
    with pytest.raises(ECGError, match=message) as error:
        made(**settings)(encoder(), replace(batch(), **lacking), generator())
    assert error.value.remedy
