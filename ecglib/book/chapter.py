"""What a chapter uses: its data, its numbers, its figures, and the lines that say where they come from."""

from __future__ import annotations

import io
import math
import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecglib.book import provenance
from ecglib.book.headers import DRAFTS, book_root, check_scale, no_chapter, sources
from ecglib.book.results import Metric, Results, check_name, difference_name, write_results, write_text
from ecglib.book.settings import CHAPTER_VARIABLE, OUTPUT_VARIABLE, find_root, output_folder
from ecglib.book.source_view import in_notebook, show_markdown
from ecglib.errors import ChapterError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ecglib.databases import Database
    from ecglib.evaluation.comparison import Difference
    from ecglib.evaluation.intervals import Interval

CLAIMS_FILE = "claims.yml"
"""File in the book's folder that holds the papers' claims."""

_FIGURE_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


def open_chapter(
    name: str, *, scale: str = "smoke", seed: int = 0, data_dir: str | os.PathLike[str] = "", device: str = "auto"
) -> Chapter:
    """Begin a chapter: print the line that says at which scale it runs, and forget its former results and artefacts.

    Parameters
    ----------
    name : str
        The file's stem, such as ``"10_cnn"``.
    scale : {"smoke", "cpu", "gpu"}
        ``"smoke"`` runs on synthetic twins, the others on real databases.
    seed : int
        First seed.
    data_dir : path-like
        Folder with the databases; empty takes the one that ``ECGLIB_DATA`` names. Not used at ``"smoke"``.
    device : str
        ``"auto"``, ``"cpu"``, ``"cuda"`` …

    Returns
    -------
    Chapter

    Raises
    ------
    ChapterError
        If there is no such scale; inside the book also, if there is no such chapter, or the runner executes another.

    Notes
    -----
    Source: our choice. It writes below the folder that ``ECGBOOK_OUTPUT`` names, else ``_build/interactive``:
    ``results/<chapter>.json``, ``figures/<chapter>/<name>.csv``, ``artefacts/<chapter>/…``. Taught in chapter
    ``00_reading_an_ecg``.
    """
    _refuse_wrong_name(name)
    chapter = Chapter(name, scale=scale, seed=seed, data_dir=data_dir, device=device)
    show_markdown(chapter.visible_line())
    return chapter


def _refuse_wrong_name(name: str) -> None:
    try:
        known = sources(book_root(), drafts=True)
    except ChapterError:  # outside the book, as in a hosted notebook
        known = {}
    if known and name not in known:
        raise no_chapter(name, known)
    executed = os.environ.get(CHAPTER_VARIABLE)
    if executed and Path(executed).stem != name:
        raise ChapterError(
            "the chapter opens another one's name",
            file=executed,
            expected=Path(executed).stem,
            found=name,
            remedy="correct the name in open_chapter",
        )


class Chapter:
    """One chapter while it runs. ``open_chapter`` makes it; ``close`` writes its results.

    Attributes
    ----------
    name, scale : str
    seed : int
    device : str
        As the chapter's parameter says.
    root : Path or None
        The book's folder; None outside it, as in a hosted notebook.
    output : Path
        Where this run writes.
    metrics : dict of str to Metric
        What has been recorded so far.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """

    def __init__(self, name: str, *, scale: str, seed: int, data_dir: str | os.PathLike[str], device: str) -> None:
        check_scale(scale)
        self.name, self.scale, self.seed, self.device = name, scale, int(seed), device
        self.data_dir = os.fspath(data_dir)
        self.root = find_root()
        self.output = output_folder(self.root)
        self.metrics: dict[str, Metric] = {}
        self._seeds = [self.seed]
        self._data: dict[str, dict[str, Any]] = {}
        self._read: dict[str, dict[str, str]] = {}
        self._started, self._clock = datetime.now(UTC), time.perf_counter()
        self._closed = False
        self.results_file.unlink(missing_ok=True)
        shutil.rmtree(self._artefacts(name), ignore_errors=True)

    @property
    def results_file(self) -> Path:
        """Where ``close`` writes the numbers."""
        return self.output / "results" / f"{self.name}.json"

    @property
    def folder(self) -> Path:
        """Folder for what later chapters need, such as weights and predictions; made at the first use."""
        folder = self._artefacts(self.name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def needs(self, chapter: str) -> Path:
        """Give the folder of another chapter's artefacts, and note the digests of all files that lie there.

        All of them, since a reader that maps a file leaves no trace; ``check`` then sees when one of them has changed.

        Parameters
        ----------
        chapter : str
            Its name; the header must list it under ``needs``.

        Returns
        -------
        Path
            From this run, else from the book's ``weights/<chapter>``.

        Raises
        ------
        ChapterError
            If neither is there.
        """
        places = [self._artefacts(chapter)]
        if self.root is not None:
            places.append(self.root / "weights" / chapter)
        for place in places:
            if place.is_dir() and any(place.iterdir()):
                self._read[chapter] = provenance.files_sha256(place)
                return place
        raise ChapterError(
            f"chapter {self.name} needs what chapter {chapter} writes",
            file=places[0],
            expected="a folder with its artefacts",
            remedy=f"run `ecgbook run {chapter} --scale {self.scale}` first",
        )

    def seeds(self, *, smoke: int, cpu: int, gpu: int) -> list[int]:
        """Give the seeds to train with at this scale, and note them in the provenance.

        Parameters
        ----------
        smoke, cpu, gpu : int
            How many at each scale. The book promises at least three at ``cpu`` and ``gpu``.

        Examples
        --------
        >>> Chapter("98_demo", scale="cpu", seed=7, data_dir="", device="cpu").seeds(smoke=1, cpu=3, gpu=10)
        [7, 8, 9]
        """
        count = {"smoke": smoke, "cpu": cpu, "gpu": gpu}[self.scale]
        self._seeds = [self.seed + k for k in range(count)]
        return list(self._seeds)

    def database(self, key: str) -> Database:
        """Open a database, print its citation, licence and version, and note it in the provenance.

        Parameters
        ----------
        key : {"mitbih", "ludb", "ptbxl", "chapman"}
            At ``smoke`` scale its synthetic twin is written first, where it is not there yet.

        Returns
        -------
        Database

        Raises
        ------
        MissingFileError
            If there is no such database, or it is not in the data directory.
        ECGError
            As the readers do, where a record is damaged.

        Notes
        -----
        The provenance's SHA-256 is of the decoded records, so a copy in WFDB's FLAC format has the same.
        """
        from ecglib.databases import open_database

        folder: str | Path | None = self.data_dir or None
        if self.scale == "smoke":
            folder = twins_folder(self.root, (key,))
        database = open_database(key, folder)
        published = database.published
        self._data[key] = {
            "version": published.version,
            "records": len(database),
            "sha256": database.decoded_digest(),
            "synthetic": database.synthetic,
        }
        what = "a **synthetic twin** of " if database.synthetic else ""
        of = "" if database.synthetic else f" of {published.records:,}"
        show_markdown(
            f"Data: {what}[{published.title}]({published.url}), version {published.version}, {len(database):,}{of} "
            f"records. {published.citation}. Database: doi:{published.doi}. Licence: "
            f"[{published.licence}]({published.licence_url})."
        )
        return database

    def record(
        self,
        name: str,
        value: float | Interval | Difference,
        *,
        low: float | None = None,
        high: float | None = None,
        level: float | None = None,
        method: str | None = None,
        n: int | None = None,
        by_seed: tuple[float, ...] = (),
    ) -> None:
        """Keep one number for the results file, and glue it so that prose can quote it.

        Parameters
        ----------
        name : str
            ``method.task.metric``, such as ``"cnn.intra.macro_f1"``; also the name to quote it by.
        value : float, Interval or Difference
            The last two bring their interval along; for a float it can be given by the parameters that follow.
        low, high, level, method, n, by_seed
            As in ``Metric``. ``level`` is 0.95 where there are ends and nothing else is said.

        Raises
        ------
        ChapterError
            If the name is malformed or taken, a number is NaN or infinite, or the chapter is closed.
        """
        check_name(name)
        problem = "the chapter is closed" if self._closed else "recorded twice" if name in self.metrics else None
        if problem:
            raise ChapterError(
                f"{self.name} cannot record {name}: {problem}",
                remedy="record each number once, before chapter.close()",
            )
        if hasattr(value, "low"):
            given: Any = value
            low, high, level, method, n = given.low, given.high, given.level, given.method, given.n
            number, by_seed, p_value = given.value, getattr(given, "by_seed", ()), getattr(given, "p_value", None)
        else:
            number, p_value = value, None
            level = 0.95 if level is None and low is not None else level
        metric = Metric(
            float(number),
            _plain(low),
            _plain(high),
            _plain(level),
            method,
            None if n is None else int(n),
            tuple(map(float, by_seed)),
            _plain(p_value),
        )
        self.metrics[name] = metric
        _glue(name, metric)

    def record_report(self, prefix: str, report: Mapping[str, Interval]) -> None:
        """Record every number of a report, such as ``classification_report`` gives, under ``prefix.<key>``.

        Parameters
        ----------
        prefix : str
            ``method.task``, such as ``"cnn.intra"``.
        report : mapping of str to Interval
        """
        for key, interval in report.items():
            self.record(f"{prefix}.{key}", interval)

    def record_difference(self, metric: str, versus: str, difference: Difference) -> None:
        """Record a paired difference, by which the effects of claims are judged.

        Parameters
        ----------
        metric, versus : str
            Names of the two metrics; the difference is the first minus the second.
        difference : Difference
            From ``paired_difference`` on the same test beats; its interval and p-value are kept as they are. What
            the seeds add, and Holm's correction over the claims of a question, come in when claims are judged.

        Notes
        -----
        It is kept under ``difference_name(metric, versus)``, such as ``pi_bsm.mitbih.afib_f1_minus_bsm``. Numbers by
        seed are left out where there aren't as many as the chapter has seeds, or where their mean isn't the difference,
        since a chapter has scaled it: they belong to another one.
        """
        seeds = difference.by_seed
        own = len(seeds) in (1, len(self._seeds))
        if not own or not math.isclose(sum(seeds) / len(seeds), difference.value, rel_tol=1e-6, abs_tol=1e-9):
            difference = replace(difference, by_seed=())
        self.record(difference_name(metric, versus), difference)

    def show(self, figure: Figure, *, name: str, alt: str, data: pd.DataFrame) -> None:
        """Show a figure with its alternative text, and write the data that it draws beside the results.

        Parameters
        ----------
        figure : matplotlib Figure
            It is closed afterwards.
        name : str
            Lower-case name of the CSV file, in ``figures/<chapter>/``.
        alt : str
            What a reader who can't see the figure needs to know: one or two sentences.
        data : DataFrame
            As the functions of ``ecglib.figures`` return it.

        Raises
        ------
        ChapterError
            If the name is malformed, the alternative text is empty or there is no data.
        """
        if not _FIGURE_NAME.fullmatch(name) or not alt.strip() or data.empty:
            raise ChapterError(
                f"figure {name!r} of {self.name} is not complete",
                expected="a name of lower-case letters, digits and underscores, an alternative text, and its data",
                found=f"alt={alt!r}, {len(data)} rows",
                remedy="give all three, so that every reader gets the figure",
            )
        import matplotlib.pyplot as plt

        file = self.output / "figures" / self.name / f"{name}.csv"
        write_text(file, data.to_csv(index=data.index.name is not None, float_format="%.6g", lineterminator="\n"))
        if in_notebook():
            from IPython.display import Image, display

            image = io.BytesIO()
            figure.savefig(image, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
            display(Image(data=image.getvalue(), format="png", alt=alt))
        plt.close(figure)
        published = self.scale != "smoke" and OUTPUT_VARIABLE in os.environ
        where = f"results/{self.scale}/{self.name}" if published else f"figures/{self.name}"
        source = "synthetic twins" if self.scale == "smoke" else "real data"
        note = f"*Data of this figure: `{where}/{name}.csv`, {len(data):,} rows, from {source}.*"
        show_markdown(note, plain=f"{alt} Data: {where}/{name}.csv")

    def claims(self) -> None:
        """Show the papers' numbers beside ours, with interval, verdict and reason, for this chapter's claims."""
        if self.root is None or not (self.root / CLAIMS_FILE).is_file():
            show_markdown("The papers' claims stand in the book's repository; this notebook runs without it.")
            return
        from ecglib.book.claims import read_claims
        from ecglib.book.claims_output import NO_CLAIMS
        from ecglib.book.claims_page import claims_html, claims_text
        from ecglib.book.judge import judge
        from ecglib.book.results import read_folder

        results = read_folder(self.output / "results") | {self.name: self._results()}
        judged = judge(read_claims(self.root / CLAIMS_FILE), {self.scale: results}, self.name)
        if not judged:
            show_markdown(NO_CLAIMS)
        elif in_notebook():
            from IPython.display import display

            display({"text/html": claims_html(judged), "text/plain": claims_text(judged)}, raw=True)
        else:
            print(claims_text(judged))

    def claim_value(self, claim: str) -> float:
        """Give the number that a paper reports: a value, a gain in percent or a difference.

        Parameters
        ----------
        claim : str
            The claim's ``id`` in ``claims.yml``.

        Raises
        ------
        ChapterError
            If there is no such claim, it has no number, or the book's repository is not here.
        """
        from ecglib.book.claims import read_claims

        if self.root is None:
            raise ChapterError(
                f"claim {claim} cannot be looked up",
                expected=f"the book's repository with {CLAIMS_FILE}",
                remedy="run the chapter from a clone of the repository",
            )
        found = {entry.id: entry.reported for entry in read_claims(self.root / CLAIMS_FILE)}
        value = found.get(claim)
        if value is None:
            raise ChapterError(
                f"claim {claim} gives no number",
                file=CLAIMS_FILE,
                expected=f"one of {', '.join(key for key, number in found.items() if number is not None)}",
                found=claim,
                remedy="correct the id",
            )
        return value

    def close(self) -> None:
        """Write the results file, with the digests of what lies in ``folder``, and say how long the chapter took.

        Raises
        ------
        ChapterError
            If the chapter is closed already.
        """
        if self._closed:
            raise ChapterError(f"{self.name} is closed already", remedy="call chapter.close() once, at the end")
        results = self._results(code=True)
        write_results(self.results_file.parent, results)
        self._closed = True
        took = results.provenance["wall_s"]
        count = len(self.metrics)
        show_markdown(
            f"{self.name} at scale {self.scale}: {count} number{'s' if count != 1 else ''} written to "
            f"`results/{self.name}.json` after {took:,.0f} s, with {results.provenance['peak_rss_mb']:,.0f} MB of "
            f"memory at most."
        )

    def _artefacts(self, chapter: str) -> Path:
        return self.output / "artefacts" / chapter

    def visible_line(self) -> str:
        """Give the line that every page shows: scale, data, device, seed and date."""
        data = "synthetic twins, so no number here is a paper's" if self.scale == "smoke" else "real databases"
        return (
            f"**Scale** {self.scale} · **Data** {data} · **Device** {provenance.device_name(self.device)} · "
            f"**Seed** {self.seed} · **Date** {self._started:%Y-%m-%d}"
        )

    def _source(self) -> Path | None:
        """Find this chapter's source: the one that the runner executes, else the book's."""
        executed = os.environ.get(CHAPTER_VARIABLE)
        if executed:
            return Path(executed)
        return sources(self.root, drafts=Path.cwd().name == DRAFTS).get(self.name) if self.root else None

    def _results(self, code: bool = False) -> Results:
        """Put together what is known so far; ``code`` adds the digests of code and artefacts, which takes a second."""
        commit, dirty = provenance.git_commit_and_dirty(self.root) if self.root and code else (None, None)
        source = self._source() if code else None
        return Results(
            self.name,
            self.scale,
            {
                "commit": commit,
                "dirty": dirty,
                "source_sha256": provenance.source_sha256(source) if source else None,
                "ecglib_sha256": provenance.ecglib_sha256(provenance.imported_modules(source)) if source else None,
                "data": self._data,
                "read": self._read,
                "wrote": provenance.files_sha256(self._artefacts(self.name)) if code else {},
                "seeds": self._seeds,
                "device": provenance.device_name(self.device),
                "versions": provenance.versions(),
                "started": self._started.isoformat(timespec="seconds"),
                "wall_s": round(time.perf_counter() - self._clock, 1),
                "peak_rss_mb": round(provenance.peak_rss_mb(), 1),
            },
            dict(self.metrics),
        )


def twins_folder(root: Path | None, databases: tuple[str, ...]) -> Path:
    """Give the folder with the synthetic twins that all chapters of a smoke run share, and write what is missing.

    Parameters
    ----------
    root : Path or None
        The book's folder; None takes the current one.
    databases : tuple of str
        Keys of the twins that must be there.

    Returns
    -------
    Path
        ``_build/smoke/data``. Two chapters that start at once wait for each other.

    Notes
    -----
    Source: our choice. Taught in chapter ``00_reading_an_ecg``.
    """
    from filelock import FileLock

    from ecglib.databases.synthetic import write_twins

    folder = (root or Path.cwd()) / "_build" / "smoke" / "data"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        return write_twins(folder, databases=databases)


def _plain(number: float | None) -> float | None:
    """Turn a NumPy scalar into what JSON and glue can hold."""
    return None if number is None else float(number)


def _glue(name: str, metric: Metric) -> None:
    """Glue a plain float under the metric's name; print it where myst-nb is absent or this is no notebook."""
    if in_notebook():
        try:
            from myst_nb import glue
        except ImportError:
            pass
        else:
            glue(name, metric.value, display=False)
            return
    print(f"{name}: {metric}")
