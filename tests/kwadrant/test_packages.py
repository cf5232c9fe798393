"""What a cluster's workers get sent: they need nothing of ours but this one file."""

import subprocess
import sys
from pathlib import Path

from kwadrant.packages import zipped

IMPORTS = "import batch_init.history, segmentation.traits, streaming.processor; print(streaming.processor.__file__)"


def test_everything_a_worker_imports_is_in_the_file_and_read_from_it(tmp_path: Path) -> None:
    file = zipped()
    command = [sys.executable, "-c", f"{IMPORTS}; segmentation.traits.value_mapping()"]
    ended = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(file)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(str(file))
