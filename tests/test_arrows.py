"""Who may import whom: the arrows between the packages, read off the sources."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARROWS = {
    "schemas": set(),
    "clustering": {"schemas"},
    "segmentation": {"schemas", "clustering"},
    "batch_init": {"schemas", "clustering", "segmentation"},
    "streaming": {"schemas", "clustering", "segmentation"},
    "monitoring": {"schemas"},
    "serving": {"schemas"},
    "simulator": {"schemas"},
    "kwadrant": {
        "schemas",
        "clustering",
        "segmentation",
        "batch_init",
        "streaming",
        "monitoring",
        "serving",
        "simulator",
    },
}
"""Which of our packages each one may import, besides itself."""
PURE = ("schemas", "clustering", "segmentation")
JUDGES = {"kwadrant.evaluate", "kwadrant.preview"}
"""Who compares what was said with the truth; whoever says it must not know the truth."""
SHELL = {"pyspark", "py4j", "kafka", "prometheus_client", "pandas"}
"""What the mathematics and the folds do without."""
PACKAGES = [name for name in ARROWS if (ROOT / name).is_dir()]
MODULES = [path for name in PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path, *, later: bool = True) -> Iterator[str]:
    """Yield the dotted names that a module imports; with `later` those too that a function imports when it runs."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if later else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_its_arrows_allow(package: str) -> None:
    found = {
        (dotted(path), name)
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in imported(path)
        if (head := name.split(".")[0]) in ARROWS and head not in {package, *ARROWS[package]}
    }
    assert found == set()


@pytest.mark.parametrize("package", PURE)
def test_mathematics_and_folds_know_neither_spark_nor_kafka(package: str) -> None:
    found = {
        (dotted(path), name)
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in imported(path)
        if name.split(".")[0] in SHELL
    }
    assert found == set()


def test_only_who_judges_knows_the_truth() -> None:
    assert {dotted(path) for path in MODULES if "segmentation.truth" in imported(path)} == JUDGES


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_own_file_holds_a_docstring_and_nothing_else(package: str) -> None:
    for path in (ROOT / package).rglob("__init__.py"):
        body = ast.parse(path.read_text(encoding="utf-8")).body
        assert [type(node) for node in body] == [ast.Expr], path
        assert ast.get_docstring(ast.Module(body, [])), path


@lru_cache(maxsize=1)
def graph() -> dict[str, set[str]]:
    """Return which of our modules each one imports when it is imported."""
    known = {dotted(path) for path in MODULES}
    return {dotted(path): set(imported(path, later=False)) & known - {dotted(path)} for path in MODULES}


def test_modules_import_each_other_in_no_circle() -> None:
    left = graph()
    while ends := {module for module, needed in left.items() if not needed & left.keys()}:
        left = {module: needed for module, needed in left.items() if module not in ends}
    assert left == {}


def test_every_package_of_the_project_has_its_arrows() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages <= ARROWS.keys() | {"tests"}
