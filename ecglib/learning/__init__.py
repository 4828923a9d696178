"""Models and examples in, trained models and scores out: one idea a file."""

from ecglib.learning.examples import Examples
from ecglib.learning.fit import Fit, fit
from ecglib.learning.predict import predict
from ecglib.learning.score import macro_f1

__all__ = ["Examples", "Fit", "fit", "macro_f1", "predict"]
