"""Our packages as one file, for executors that run on other machines."""

import atexit
import shutil
import tempfile
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("schemas", "clustering", "segmentation", "batch_init", "streaming")
"""What the folds and their shells import on an executor."""


def zipped() -> Path:
    """Return a file that Python imports from; it is there until this process ends, for executors that come late."""
    folder = Path(tempfile.mkdtemp(prefix="kwadrant-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "kwadrant-packages.zip"
    with ZipFile(file, "w") as archive:
        for path in sorted(path for package in NEEDED for path in (ROOT / package).rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                archive.write(path, path.relative_to(ROOT))
    return file
