"""Time every task in a process of its own, print the ratios, write RESULTS.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

NETWORKS = ("CNN", "CNNLSTM", "CNNLSTMAttention", "ResNet1D")
RIVALS = ("CMSC", "wav2vec", "TS2Vec", "ECG-FM")
WAVELETS = {"pywt": 10, **({"ptwt": 50} if find_spec("ptwt") else {})}
RESULTS = Path(__file__).with_name("RESULTS.md")
MOST_REPEATS, ENOUGH_SECONDS = 5, 5.0


@dataclass(frozen=True)
class Comparison:
    """One task done in two ways, how many times faster the second ought to be, and how long it may take at most.

    A way is a label, and what to call in ``benchmarks.tasks`` with its arguments, separated by spaces.
    """

    task: str
    usual: tuple[str, str] | None
    ours: tuple[str, str]
    aim: float | None = None
    most_seconds: float | None = None


COMPARISONS = (
    Comparison("read, first time", ("wfdb alone, unfiltered", "read_wfdb"), ("beat_windows", "read_first")),
    Comparison("read, again", ("wfdb alone, unfiltered", "read_wfdb"), ("beat_windows", "read_again")),
    Comparison("cut beats", ("neurokit2.ecg_segment", "cut_neurokit"), ("cut_windows", "cut_ecglib"), 100),
    Comparison(
        "1,000 bootstraps",
        ("scikit-learn in a loop", "bootstrap_sklearn"),
        ("classification_report", "bootstrap_ecglib"),
        500,
    ),
    *(
        Comparison(f"2,000 scalograms, {columns}", (library, f"scalogram_{library} {every}"), ours, aim)
        for every, columns in (("4", "every 4th column"), ("1", "every column"))
        for ours in [("Scalogram", f"scalogram_ecglib {every}")]
        for library, aim in WAVELETS.items()
    ),
    *(
        Comparison(
            f"100 steps, {network}",
            (f"plain loop, {named}", f"train_plain {network} {threads}"),
            ("fit", f"train_ecglib {network}"),
            2.5 if network in ("CNN", "ResNet1D") else 1.5,
        )
        for network in NETWORKS
        for threads, named in (("", "PyTorch's threads"), ("1", "one thread"))
    ),
    *(
        Comparison(
            f"Grad-CAM, 1,000 beats, {network}",
            ("captum", f"gradcam_captum {network}"),
            ("grad_cam", f"gradcam_ecglib {network}"),
            most_seconds=2,
        )
        for network in NETWORKS
    ),
    Comparison("256 views, 3KG", ("scipy, one by one", "views_plain"), ("ThreeKG", "views_ecglib")),
    Comparison("soft contrast, 512 pairs", ("every pair of rows", "contrast_plain"), ("nt_xent", "contrast_ecglib")),
    *(
        Comparison(f"1,280 recordings pretrained, {name}", None, (f"pretrain, {count:,} on disk", task))
        for name, count in (("3KG", 1_000), ("3KG", 10_000), *((rival, 1_000) for rival in RIVALS))
        for task in [f"pretrain_ecglib {name} {count}"]
    ),
    Comparison("a chapter's intervals", None, ("F1 and the like", "intervals_of_a_chapter"), most_seconds=1),
    Comparison("a chapter's intervals", None, ("with AUROC", "intervals_of_a_chapter areas"), most_seconds=1),
)


def measure(name: str) -> dict[str, Any]:
    """Prepare a task, time it a few times if it is short, and give the best time with the process's peak memory."""
    from benchmarks import tasks

    task, *arguments = name.split()
    run = getattr(tasks, task)(*arguments)
    seconds: list[float] = []
    made: object = None
    while len(seconds) < MOST_REPEATS and sum(seconds) < ENOUGH_SECONDS:
        started = time.perf_counter()
        made = run()
        seconds.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {"seconds": min(seconds), "peak_mb": peak, "made": made}


def in_own_process(name: str) -> dict[str, Any]:
    """Measure a task in a fresh process."""
    command = [sys.executable, "-m", "benchmarks", "--task", name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def table(measured: dict[str, dict[str, Any]]) -> str:
    """Write all comparisons as a Markdown table."""
    lines = [
        "| task | usual way | seconds | peak MB | ecglib | seconds | peak MB | times faster | aim |",
        "|---|---|---:|---:|---|---:|---:|---:|---:|",
    ]
    for comparison in COMPARISONS:
        fast, cells = measured[comparison.ours[1]], [comparison.task]
        ratio = "–"
        if comparison.usual is None:
            cells += ["–", "–", "–"]
        else:
            slow = measured[comparison.usual[1]]
            ratio = f"{slow['seconds'] / fast['seconds']:,.3g}"
            cells += [comparison.usual[0], f"{slow['seconds']:.3g}", f"{slow['peak_mb']:.0f}"]
        aims = [f"{comparison.aim:g} times"] if comparison.aim else []
        aims += [f"{comparison.most_seconds:g} s"] if comparison.most_seconds else []
        cells += [comparison.ours[0], f"{fast['seconds']:.3g}", f"{fast['peak_mb']:.0f}", ratio, ", ".join(aims) or "–"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def processor() -> str:
    """Name the processor and what it calculates with."""
    name, found = platform.processor() or platform.machine(), set()
    information = Path("/proc/cpuinfo")
    if information.is_file():
        lines = dict(line.split(":", 1) for line in information.read_text().splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in lines.items()}
        name, found = fields.get("model name", name), set(fields.get("flags", "").split())
    known = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 BF16", "amx_bf16": "AMX BF16"}
    able = ", ".join(f"{'' if flag in found else 'no '}{label}" for flag, label in known.items())
    return f"{name}, {os.cpu_count()} cores, {able}"


def main() -> None:
    """Measure everything, or one task where it is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--task", help="measure only this one, in this process, and print JSON")
    named = parser.parse_args().task
    if named:
        print(json.dumps(measure(named)))
        return
    busy = os.getloadavg()[0]
    names = dict.fromkeys(way[1] for c in COMPARISONS for way in (c.usual, c.ours) if way)
    measured = {name: in_own_process(name) for name in tqdm(names, unit="task")}
    for comparison in COMPARISONS:
        if comparison.usual is None:
            continue
        slow, fast = measured[comparison.usual[1]]["made"], measured[comparison.ours[1]]["made"]
        if slow != fast:
            raise SystemExit(f"{comparison.task}: {comparison.usual[0]} made {slow}, {comparison.ours[0]} made {fast}")
    libraries = ["wfdb", "neurokit2", "scikit-learn", "captum", "PyWavelets", "torch", "numpy"]
    libraries += ["ptwt"] if "ptwt" in WAVELETS else []
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    lines = [
        "# Results",
        "",
        f"{date.today().isoformat()}, {processor()}. {versions}, Python {platform.python_version()}.",
        f"Load of other programs when it began: {busy:.1f}. Written by `python -m benchmarks`.",
        "",
        table(measured),
        "",
    ]
    RESULTS.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
