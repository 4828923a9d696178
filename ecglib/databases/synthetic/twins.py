"""Write the twins: once, all or nothing, the same bytes for the same seed."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import scipy
import wfdb
from tqdm.auto import tqdm

from ecglib.databases.base import SYNTHETIC_MARK
from ecglib.databases.catalogue import PUBLISHED
from ecglib.databases.synthetic.chapman import write_chapman
from ecglib.databases.synthetic.ludb import write_ludb
from ecglib.databases.synthetic.mitbih import write_mitbih
from ecglib.databases.synthetic.ptbxl import write_ptbxl
from ecglib.databases.synthetic.write import write_checksums
from ecglib.errors import ECGError

TWINS: dict[str, Callable[[Path, int], None]] = {
    "mitbih": write_mitbih,
    "ludb": write_ludb,
    "ptbxl": write_ptbxl,
    "chapman": write_chapman,
}
"""Databases that have a twin, with what writes it."""


def _key(database: str, seed: int) -> str:
    """Name the bytes that will be written: database, seed, this package's source, versions of what it calls."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources))
    digest.update(f"{database} {seed} {wfdb.__version__} {np.__version__} {scipy.__version__}".encode())
    return digest.hexdigest()


def _holds(root: Path, key: str) -> bool:
    mark = root / SYNTHETIC_MARK
    return mark.is_file() and key in mark.read_text()


def write_twins(
    folder: str | Path, seed: int = 0, databases: Sequence[str] = tuple(TWINS), progress: bool = True
) -> Path:
    """Write synthetic twins of the databases, as PhysioNet publishes the real ones.

    Parameters
    ----------
    folder : path-like
        Data directory; the twin of MIT-BIH goes to ``mitdb/1.0.0`` below it, and so on.
    seed : int
        The same seed gives the same bytes.
    databases : sequence of str
        Which twins: ``"mitbih"``, ``"ludb"``, ``"ptbxl"``, ``"chapman"``.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The data directory. A twin that is already there, from the same seed and source, is left as it is.

    Raises
    ------
    ECGError
        A database has no twin; or its folder is there and is not a twin: real data is never overwritten.

    Notes
    -----
    Source: our construction. Each twin is written into a folder of its own beside its place and then renamed, so a
    write that is cut short leaves nothing half done. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     data = write_twins(place, databases=["ludb"], progress=False)
    ...     sorted(path.name for path in (data / "ludb" / "1.0.1").iterdir())[-3:]
    ['SYNTHETIC', 'data', 'ludb.csv']
    """
    unknown = [name for name in databases if name not in TWINS]
    if unknown:
        raise ECGError(
            f"no twin of {', '.join(unknown)}",
            expected=f"databases among {', '.join(TWINS)}",
            remedy="choose among these",
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {database: folder / PUBLISHED[database].folder for database in databases}
    missing = {name: root for name, root in wanted.items() if not _holds(root, _key(name, seed))}
    for name, root in missing.items():
        if root.exists() and not (root / SYNTHETIC_MARK).is_file():
            raise ECGError(
                f"a folder of {PUBLISHED[name].title} is there that is no twin",
                file=root,
                expected=f"no folder, or one with a file {SYNTHETIC_MARK}",
                remedy="write twins into a data directory of their own, so that real data stays untouched",
            )
    for name, root in tqdm(missing.items(), desc="writing twins", unit="database", disable=not progress, delay=2):
        with tempfile.TemporaryDirectory(dir=folder, prefix=".twin-") as work:
            made = Path(work) / "new"
            made.mkdir()
            TWINS[name](made, seed)
            (made / SYNTHETIC_MARK).write_text(
                f"Made by ecglib.databases.synthetic, no real person.\n{_key(name, seed)}\n"
            )
            write_checksums(made)
            _put(made, root, Path(work) / "old", _key(name, seed))
    return folder


def _put(made: Path, root: Path, old: Path, key: str) -> None:
    """Move a finished twin to its place; where another process was faster with the same, keep that one."""
    root.parent.mkdir(parents=True, exist_ok=True)
    if root.exists():
        root.rename(old)
    try:
        made.rename(root)
    except OSError:
        if not _holds(root, key):
            raise
        shutil.rmtree(made)
