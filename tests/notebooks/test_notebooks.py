"""The notebooks run as they are committed: from the first cell to the last, without outputs that could grow old."""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FORMAT: Any = nbformat  # its functions have no types
ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIST = NOTEBOOKS[0]


def cells(notebook: Any) -> list[Any]:  # noqa: ANN401 - nbformat's own
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_what_it_says(path: Path) -> None:
    found = cells(FORMAT.read(path, as_version=4))
    assert found
    assert [cell.outputs for cell in found if cell.outputs or cell.execution_count] == []


@pytest.mark.slow
def test_from_parquet_to_a_marketing_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)  # as `.venv/bin/jupyter lab notebooks` starts it
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = FORMAT.read(LIST, as_version=4)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(LIST.parent)}}
    ).execute()
    outputs = [output for cell in cells(notebook) for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 3
    written = next(output.text for output in outputs if output.get("text", "").startswith("rank,customer_id"))
    assert len(written.splitlines()) > 2
    if folder := os.environ.get("NOTEBOOK_OUT"):  # to look at what it says
        FORMAT.write(notebook, Path(folder) / LIST.name)
