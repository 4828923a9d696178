"""How fast ecglib is beside the usual ways, all timed in one run: ``python -m benchmarks``."""
