"""A network keeps everything where its input is, which a GPU insists on. Torch's ``meta`` device stands in for one."""

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ecglib.models import CNN, CNNLSTM, CNNLSTMAttention, ResNet1D
from ecglib.models.beat_classifier import BeatClassifier
from ecglib.models.cnn_context import CNNContext
from ecglib.models.ecg_encoder import ECGEncoder
from ecglib.models.gan import BeatCritic, BeatGenerator
from ecglib.models.projector import Projector
from ecglib.models.recording_classifier import RecordingClassifier
from ecglib.models.rhythm_cnn import RhythmCNN
from ecglib.models.se_resnet import SEResNet
from ecglib.models.segmenter import Segmenter

BEATS, RECORDINGS = (4, 1, 260), (2, 12, 1000)
NETWORKS = {
    "CNN": (CNN, BEATS),
    "CNN-LSTM": (CNNLSTM, BEATS),
    "CNN-LSTM-Attention": (CNNLSTMAttention, BEATS),
    "ResNet-1D": (ResNet1D, BEATS),
    "CNN with context": (lambda: CNNContext(context=14), (4, 2, 260)),
    "BeatClassifier": (BeatClassifier, (4, 128)),
    "SE-ResNet": (SEResNet, (4, 32, 32)),
    "RhythmCNN": (RhythmCNN, (4, 6, 37)),
    "ECGEncoder": (ECGEncoder, RECORDINGS),
    "Projector": (lambda: Projector(128, 128, 64), (4, 128)),
    "RecordingClassifier": (lambda: RecordingClassifier(ECGEncoder(), classes=5), RECORDINGS),
    "Segmenter": (lambda: Segmenter(ECGEncoder()), RECORDINGS),
}


class OneDevice(TorchDispatchMode):
    """Refuse what a GPU refuses, and ``meta`` doesn't always: an operation on tensors of two devices."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.dim()]
        if len({tensor.device for tensor in tensors}) > 1 and "copy" not in str(function):
            raise RuntimeError(f"{function} on two devices")
        return function(*args, **kwargs or {})


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_runs_on_another_device(name: str) -> None:
    make, shape = NETWORKS[name]
    model = make().to("meta", memory_format=torch.channels_last).train()
    with OneDevice():
        scores = model(torch.zeros(shape, device="meta"))
        scores.sum().backward()
    assert scores.device.type == "meta"
    assert {p.grad.device.type for p in model.parameters() if p.grad is not None} == {"meta"}


def test_the_gan_runs_on_another_device() -> None:
    classes = torch.zeros(4, dtype=torch.long, device="meta")
    generator, critic = BeatGenerator().to("meta"), BeatCritic().to("meta")
    with OneDevice():
        scores = critic(generator(torch.zeros(4, 32, device="meta"), classes), classes)
    assert scores.device.type == "meta"


def test_what_stays_behind_is_seen() -> None:
    class Forgetful(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(x, torch.ones(3, 128))

    with OneDevice(), pytest.raises(RuntimeError, match="on two devices"):
        Forgetful().to("meta")(torch.zeros(4, 128, device="meta"))
