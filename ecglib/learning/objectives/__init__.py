"""What an encoder can learn without labels: one objective a file, all called in the same way by ``pretrain``."""

from ecglib.learning.objectives.cmsc import CMSC
from ecglib.learning.objectives.contrast import RhythmAndBeatContrast
from ecglib.learning.objectives.ecg_fm_style import ECGFMStyle
from ecglib.learning.objectives.masked import MaskedPrediction
from ecglib.learning.objectives.ts2vec import TS2Vec

__all__ = ["CMSC", "ECGFMStyle", "MaskedPrediction", "RhythmAndBeatContrast", "TS2Vec"]
