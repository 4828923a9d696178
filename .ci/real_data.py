"""Say in one line how many records of each real database are where ECGLIB_DATA points; needs nothing but Python."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

PUBLISHED = runpy.run_path(str(Path(__file__).parents[1] / "ecglib/databases/catalogue.py"))["PUBLISHED"]


def headers(folder: Path) -> list[str]:
    """Give the names of all headers below a folder, one a record."""
    return [name for _, _, names in os.walk(folder, followlinks=True) for name in names if name.endswith(".hea")]


def main() -> int:
    """Print the line; give 1 where the variable names no folder."""
    named = os.environ.get("ECGLIB_DATA")
    if not named:
        print("Real data: none, since ECGLIB_DATA is not set. Tests on real data are skipped.")
        return 0
    if not Path(named).is_dir():
        print(f"ECGLIB_DATA names {named}, which is no folder. Correct it, or unset it.", file=sys.stderr)
        return 1
    said = []
    for key, published in PUBLISHED.items():
        found = headers(Path(named, published.folder))
        fast = sum(name.endswith("_hr.hea") for name in found)  # PTB-XL's second copy of a record, at 500 Hz
        here = len(found) - fast
        how = "whole" if here == published.records else "a part" if here else "not here"
        how += f", {fast:,} of them at 500 Hz too" if fast else ""
        said.append(f"{key} {here:,} of {published.records:,} records ({how})")
    print(f"Real data in {named}: {'; '.join(said)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
