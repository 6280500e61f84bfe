"""Writing a whole result as Parquet, with a manifest that says it is complete."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway_runner.errors import TaskError

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame

FILE_NAME = "_MANIFEST.json"


@dataclass(frozen=True)
class WrittenResult:
    """What was written."""

    path: str
    row_count: int
    problem: str | None
    """Why there is no manifest; ``None`` if there is one."""


def resolved(path: str, run_id: str) -> str:
    """The path of this run."""
    return path.replace("${run_id}", run_id)


def write(frame: DataFrame, path: str) -> WrittenResult:
    """Replaces what is under ``path`` by the rows of ``frame``.

    Sail writes the files, under random names and without a mark of completion. So the manifest comes last, and a reader
    that finds it can trust the files it lists. Sail may see storage that this container does not: then there is no
    manifest and ``problem`` says so.
    """
    schema = [{"name": field.name, "type": field.dataType.simpleString()} for field in frame.schema.fields]
    frame.write.mode("overwrite").parquet(path)
    try:
        files, row_count = _publish(path, schema)
    except (OSError, ValueError, NotImplementedError) as error:
        row_count = frame.sparkSession.read.parquet(path).count()
        return WrittenResult(path, row_count, f"no manifest was written to {path}: {error}")
    if files == 0 and not frame.isEmpty():
        raise TaskError("storage_unavailable", "infrastructure", f"nothing was written to {path}", "NothingWritten")
    return WrittenResult(path, row_count, None)


def _publish(path: str, schema: list[dict[str, str]]) -> tuple[int, int]:
    """Lists the files and writes the manifest. Returns how many files and rows there are."""
    import pyarrow.parquet
    from pyarrow import fs

    filesystem, folder = fs.FileSystem.from_uri(path if "://" in path else f"file://{path}")
    selector = fs.FileSelector(folder, recursive=True, allow_not_found=True)
    files = []
    for info in sorted(filesystem.get_file_info(selector), key=lambda info: info.path):
        if info.type == fs.FileType.File and info.path.endswith(".parquet"):
            rows = pyarrow.parquet.read_metadata(info.path, filesystem=filesystem).num_rows
            name = info.path[len(folder) :].lstrip("/")
            files.append({"name": name, "bytes": info.size, "rows": rows})
    # An empty result leaves not even the folder.
    filesystem.create_dir(folder, recursive=True)
    row_count = sum(file["rows"] for file in files)
    manifest = {"version": 1, "format": "parquet", "files": files, "rows": row_count, "schema": schema}
    with filesystem.open_output_stream(f"{folder}/{FILE_NAME}") as stream:
        stream.write((json.dumps(manifest, indent=2) + "\n").encode())
    return len(files), row_count
