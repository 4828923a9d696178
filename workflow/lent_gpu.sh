#!/usr/bin/env bash
# One chapter at gpu scale on a GPU that is lent for minutes: no network, no Snakemake, six minutes at most.
#
# Here, for each chapter an archive with its data, published weights of the chapters that it needs, and wheels of what
# the machine lacks (INSTALLED: its packages, one a line, as pip freeze prints them):
#   ecgbook bundle 10_cnn --pretrained --wheels 3.12 --installed INSTALLED --data DATA --out 10_cnn.tar.gz
#   ecgbook bundle 34_wave_segmentation --pretrained --wheels 3.12 --installed INSTALLED --data DATA --out 34_wave_segmentation.tar.gz
# There, one call for each:
#   tar xzf 10_cnn.tar.gz && bash 10_cnn/workflow/lent_gpu.sh 10_cnn OUT
#   tar xzf 34_wave_segmentation.tar.gz && bash 34_wave_segmentation/workflow/lent_gpu.sh 34_wave_segmentation OUT
# OUT/CHAPTER.tar.gz then holds notebook, results, figures' data and log, to be unpacked in the repository: _build/gpu/.
#
# Tried on a processor: a tiny chapter from a bundle in an empty folder (tests/book/test_lent_gpu.py); the wheels, without
# network, in a Python 3.12 with newer NumPy and pandas than the lock's, where a chapter read LUDB's FLAC and was checked.
# The archives of these two chapters had 54 and 39 MB. Not tried yet: on a GPU, and these chapters within the time.
set -euo pipefail

chapter=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
scale=${SCALE:-gpu}
python=${PYTHON:-python3}
cd "$(dirname "$0")/.."

site=$PWD/.site
export PYTHONPATH=$PWD:$site${PYTHONPATH:+:$PYTHONPATH} ECGLIB_DATA=$PWD/data PYTHONUNBUFFERED=1

collect() {
    mkdir -p "_build/$scale"
    tar czf "$out/$chapter.tar.gz" --exclude='_build/*/kernel' --exclude='_build/*/data' --exclude='_build/*/artefacts' "_build/$scale"
}
trap collect EXIT
mkdir -p "_build/$scale"
exec > >(tee "_build/$scale/$chapter.log") 2>&1

if compgen -G 'wheels/*.whl' > /dev/null; then
    timeout 60 "$python" -m pip install --quiet --no-index --no-deps --no-compile --disable-pip-version-check \
        --upgrade --target "$site" wheels/*.whl
fi
"$python" -c 'import torch; print("torch", torch.__version__, "GPU:", torch.cuda.is_available())'
timeout "${SECONDS_TO_RUN:-270}" "$python" - "$chapter" "$scale" << 'PYTHON'
import os, sys
from pathlib import Path

from ecglib.book.headers import read_headers
from ecglib.book.plan import make_plan
from ecglib.book.run import output_folder, task_argument

root, (chapter, scale) = Path.cwd(), sys.argv[1:]
output, data = output_folder(root, scale), Path(os.environ["ECGLIB_DATA"])
published = read_headers(root)[chapter].needs
step = make_plan(root, output, scale, [chapter], data, published=published)[chapter]
os.execv(sys.executable, [sys.executable, "-m", "ecglib.book.execute", task_argument(step, root, output, scale, data)])
PYTHON
timeout 30 "$python" -m ecglib.book.command check "$chapter" --scale "$scale" --summary "_build/$scale/summary.md"
