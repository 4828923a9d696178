"""Folders for what takes long to compute: named after what it depends on, and there completely or not at all."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_STALE_SECONDS = 24 * 3600


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """Write into a folder with another name, which gets its own at the end of the block if no error ended it.

    Parameters
    ----------
    folder : Path
        The folder that is to be; its parent exists.

    Yields
    ------
    Path
        Where to write.

    Notes
    -----
    If another process was faster, its folder stays. What writers that were killed a day ago or earlier have left
    beside it goes. Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with complete_folder(Path(place) / "whole") as unfinished:
    ...         _ = (unfinished / "a.txt").write_text("a")
    ...     [file.name for file in Path(place).rglob("*")]
    ['whole', 'a.txt']
    """
    for left in folder.parent.glob(f"{folder.name.split('-')[0]}-*.partial"):
        if time.time() - left.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.", suffix=".partial"))
    try:
        yield unfinished
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def name_after(facts: str, modules: Iterable[str]) -> str:
    """Give a short name for a result that depends on facts and on the code of some modules.

    Parameters
    ----------
    facts : str
        Such as a digest of the data and the parameters.
    modules : iterable of str
        Modules that are imported; a changed line in one of them changes the name.

    Returns
    -------
    str
        32 hexadecimal digits.

    Notes
    -----
    Source: our choice. Taught in chapter ``32_pretraining``.

    Examples
    --------
    >>> len(name_after("mitbih 360", [__name__]))
    32
    """
    total = hashlib.sha256(facts.encode())
    for module in modules:
        total.update(hashlib.sha256(Path(str(sys.modules[module].__file__)).read_bytes()).digest())
    return total.hexdigest()[:32]
