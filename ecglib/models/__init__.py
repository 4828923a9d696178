"""Windows in, scores out: one architecture a file."""

from ecglib.models.cnn import CNN

__all__ = ["CNN"]
