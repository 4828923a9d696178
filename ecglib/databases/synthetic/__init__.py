"""Synthetic twins of the four databases: made hearts, written as genuine WFDB files in the published layout."""

from ecglib.databases.synthetic.twins import TWINS, write_twins

__all__ = ["TWINS", "write_twins"]
