"""Makes the script beside this folder importable."""

import importlib.util
import pathlib
from types import ModuleType


def load() -> ModuleType:
    path = pathlib.Path(__file__).resolve().parents[1] / "readme.py"
    specification = importlib.util.spec_from_file_location("chart_readme", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


readme = load()
