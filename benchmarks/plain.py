"""The four networks as one writes them without a second thought: nn.Conv1d, nn.LSTM, the usual layout, float32."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def _convolutions() -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs, width, stride in ((1, 32, 7, 4), (32, 64, 5, 2), (64, 64, 5, 2)):
        layers.append(nn.Conv1d(inputs, outputs, width, stride, padding=width // 2, bias=False))
        layers += [nn.BatchNorm1d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class CNN(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(_convolutions(), nn.Dropout1d(0.2), nn.Flatten(), nn.Linear(64 * 17, 5))


class CNNLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = _convolutions()
        self.memory = nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(17 * 128, 5))

    def forward(self, windows: Tensor) -> Tensor:
        return self.classifier(self.memory(self.features(windows).transpose(1, 2))[0])


class CNNLSTMAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = _convolutions()
        self.memory = nn.LSTM(64, 64, batch_first=True, bidirectional=True)
        self.key = nn.Linear(128, 128)
        self.context = nn.Linear(128, 1, bias=False)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(128, 5))

    def forward(self, windows: Tensor) -> Tensor:
        remembered, _ = self.memory(self.features(windows).transpose(1, 2))
        weights = torch.softmax(self.context(torch.tanh(self.key(remembered))), dim=1)
        return self.classifier((weights * remembered).sum(dim=1))


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv1d(inputs, outputs, 5, stride, padding=2, bias=False)
        self.first_norm = nn.BatchNorm1d(outputs)
        self.second = nn.Conv1d(outputs, outputs, 5, padding=2, bias=False)
        self.second_norm = nn.BatchNorm1d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if (inputs, stride) != (outputs, 1):
            self.shortcut = nn.Sequential(nn.Conv1d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm1d(outputs))

    def forward(self, signal: Tensor) -> Tensor:
        changed = self.second_norm(self.second(torch.relu(self.first_norm(self.first(signal)))))
        return torch.relu(changed + self.shortcut(signal))


class ResNet1D(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            nn.Conv1d(1, 32, 7, 4, padding=3, bias=False),
            nn.BatchNorm1d(32),
            nn.ReLU(),
            _Block(32, 32),
            _Block(32, 64, stride=2),
            _Block(64, 64, stride=2),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(64, 5),
        )
