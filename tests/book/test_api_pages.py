from __future__ import annotations

from pathlib import Path

import pytest

from ecglib.book.api_pages import PARTS, write_api_pages
from ecglib.book.build import contents

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    write_api_pages(folder)
    return folder


@pytest.mark.parametrize("part", PARTS)
def test_each_module_has_its_section(folder: Path, part: str) -> None:
    page = (folder / f"{part}.md").read_text(encoding="utf-8")
    package = REPOSITORY / "ecglib" / part
    for file in package.rglob("*.py"):
        module = ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
        defines = any(
            line.startswith(("def ", "class ")) and line.split()[1][0] != "_" for line in file.open(encoding="utf-8")
        )
        if defines and not file.name.startswith("_"):
            assert page.count(f"automodule:: {module}\n") == 1


def test_what_is_listed_is_public_and_defined_there(folder: Path) -> None:
    page = (folder / "learning.md").read_text(encoding="utf-8")
    assert "   ~ecglib.learning.focal.FocalLoss\n" in page
    assert "focal.ECGError" not in page, "imported names belong to where they come from"
    assert "._" not in page


def test_every_part_is_in_the_contents() -> None:
    listed = contents(REPOSITORY)
    assert {f"book/api/{part}" for part in ("index", *PARTS)} <= set(listed)
    assert all((REPOSITORY / "ecglib" / part).is_dir() for part in PARTS)
