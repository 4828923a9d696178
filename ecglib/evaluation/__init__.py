"""Scores and predictions in, numbers with intervals out."""

from ecglib.evaluation.comparison import Difference, holm, paired_difference
from ecglib.evaluation.intervals import Interval
from ecglib.evaluation.metrics import confusion_matrix, metrics_of_confusion
from ecglib.evaluation.ranking import auroc
from ecglib.evaluation.report import ConfusionMatrix, classification_report, confusion_report

__all__ = [
    "ConfusionMatrix",
    "Difference",
    "Interval",
    "auroc",
    "classification_report",
    "confusion_matrix",
    "confusion_report",
    "holm",
    "metrics_of_confusion",
    "paired_difference",
]
