from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecglib.book.say import say

WRITERS, LINES = 8, 400
WRITE = """\
import sys
from ecglib.book.say import say

for number in range({lines}):
    {write}(sys.argv[1] * 200 + str(number))
"""


COUNT = """\
import io, sys
from ecglib.book.say import say

class Counted(io.FileIO):
    def write(self, data):
        sizes.extend([len(data)] if data else [])
        return super().write(data)

sizes, counted = [], Counted(sys.stdout.fileno(), "w", closefd=False)
buffer = counted if {unbuffered} else io.BufferedWriter(counted)
stream = io.TextIOWrapper(buffer, write_through={unbuffered})
print("held", end="", file=stream)
say("x" * {size}, stream)
print(sizes, file=sys.stderr)
"""


def lines_of_writers(write: str) -> list[str]:
    """What several unbuffered processes write at once into one pipe."""
    code = WRITE.format(lines=LINES, write=write)
    reading, writing = os.pipe()
    writers = [
        subprocess.Popen([sys.executable, "-u", "-c", code, letter], stdout=writing) for letter in "abcdefgh"[:WRITERS]
    ]
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.read().splitlines()
    assert [writer.wait() for writer in writers] == [0] * WRITERS
    return lines


def whole(line: str) -> bool:
    return line[:200] == line[:1] * 200 and line[200:].isdigit()


def test_lines_of_many_processes_stay_whole() -> None:
    lines = lines_of_writers("say")
    assert len(lines) == WRITERS * LINES
    assert [line for line in lines if not whole(line)] == []
    assert not all(map(whole, lines_of_writers("print"))), "where print did as well, this test would show nothing"


@pytest.mark.parametrize("options", [[], ["-u"]])
@pytest.mark.parametrize("size", [10, 8191, 8192, 60_000])
def test_one_text_is_one_system_call(options: list[str], size: int) -> None:
    code = COUNT.format(unbuffered=bool(options), size=size)
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == f"{[4, size + 1]}\n"
    assert done.stdout == f"held{'x' * size}\n"


def test_what_is_captured_or_redirected_arrives(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    print("before", end=" ")
    say("one\ntwo")
    say("wrong", sys.stderr)
    assert capsys.readouterr() == ("before one\ntwo\n", "wrong\n")
    with (tmp_path / "log").open("w", encoding="utf-8") as log:
        say("läuft", log)
        assert (tmp_path / "log").read_text(encoding="utf-8") == "läuft\n"
    say("nobody reads this", log)


@pytest.mark.parametrize("shell", ["{command} >&-", "{command} | true", "{command} | head --lines 1"])
def test_a_process_goes_on_where_nobody_listens(shell: str) -> None:
    code = "import sys, time; from ecglib.book.say import say; say(1); time.sleep(0.3); say(2); say(3); print(4)"
    command = f'"{sys.executable}" -c "{code}"'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell.format(command=command)], stderr=subprocess.PIPE, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
