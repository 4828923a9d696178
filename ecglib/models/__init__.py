"""Windows in, scores out: one architecture a file."""

from ecglib.models.cnn import CNN
from ecglib.models.cnn_lstm import CNNLSTM
from ecglib.models.cnn_lstm_attention import CNNLSTMAttention
from ecglib.models.resnet1d import ResNet1D

__all__ = ["CNN", "CNNLSTM", "CNNLSTMAttention", "ResNet1D"]
