"""The model file: it comes back the same, and a changed or broken one is refused in words."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from schemas import fitted
from schemas.fitted import Fitted, FittedError, Scaling

MODEL = Fitted(
    version=1, software="0.1.0", columns=("kwh", "größe"), id_column="id", weight_column=None, k=1, start="rgs",
    random_state=7, scaling=Scaling("none", (0.0, 0.0), (1.0, 1.0), None), weighting="equal",
    factor_weights=(1.0, 1.0), grid=(31, 30), centres=((0.1, 1e22),), scaled_centres=((0.1, 1e22),), masses=(4.0,),
    rows=4, sse=5e-324, sse_bound=1 / 3,
)  # fmt: skip


def saved(folder: Path, **changes: Any) -> Path:  # noqa: ANN401 - any wrong value
    path = folder / "model.json"
    fitted.write(MODEL, path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return path


def test_a_model_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert fitted.read(path) == fitted.sealed(MODEL)
    fitted.write(fitted.read(path), tmp_path / "again.json")
    assert fitted.read(tmp_path / "again.json") == fitted.read(path)


def test_anybody_can_check_the_digest_with_plain_json(tmp_path: Path) -> None:
    content = json.loads(saved(tmp_path).read_text(encoding="utf-8"))
    digest = content.pop("sha256")
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest


def test_a_file_from_before_there_were_mappings_is_read(tmp_path: Path) -> None:
    content = json.loads(saved(tmp_path).read_text(encoding="utf-8"))
    del content["mapping"], content["sha256"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    path = tmp_path / "old.json"
    path.write_text(json.dumps(content | {"sha256": hashlib.sha256(text.encode()).hexdigest()}), encoding="utf-8")
    assert fitted.read(path).mapping is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"masses": [5.0]}, "expected sha256 .* found .*; the file was changed, fit again"),
        ({"software": "0.2.0"}, "the file was changed"),
        ({"k": 0}, "is no model of kwadrant fit: .*>= 1.*k"),
        ({"version": 2}, "no model of kwadrant fit"),
        ({"more": 1}, "unknown field `more`"),
        ({"centres": [[None, 1.0]]}, "Expected `float`, got `null`"),
    ],
)
def test_a_changed_file_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(FittedError, match=words):
        fitted.read(saved(tmp_path, **changes))


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    content = json.loads(saved(tmp_path).read_text(encoding="utf-8")) | {"grid": [31]}
    del content["sha256"]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    path = saved(tmp_path, grid=[31], sha256=hashlib.sha256(text.encode()).hexdigest())
    with pytest.raises(FittedError, match="expected 1 centres and masses in 2 columns; found other sizes"):
        fitted.read(path)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{", encoding="utf-8")
    with pytest.raises(FittedError, match="no model of kwadrant fit"):
        fitted.read(tmp_path / "model.json")
