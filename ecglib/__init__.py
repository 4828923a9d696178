"""Components of three papers on deep learning for ECG, one idea a file, each taught by a chapter of the book."""

__version__ = "0.1.0"
