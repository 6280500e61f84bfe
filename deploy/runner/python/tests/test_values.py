import datetime as dt
import decimal
import pathlib
import tempfile
import unittest
from typing import Any

from slipway_runner import manifest, rows
from slipway_runner.context import Context
from slipway_runner.errors import TaskError
from slipway_runner.outputs import KnownOutputs
from slipway_runner.scripts import Script, ScriptEnded
from slipway_runner.session import host_and_port


class ValueTests(unittest.TestCase):
    def test_json_of_cells(self) -> None:
        east = dt.timezone(dt.timedelta(hours=2))
        for value, expected in [
            (None, None),
            (True, True),
            (2**63 - 1, 2**63 - 1),
            (2**63, str(2**63)),
            (1.5, 1.5),
            (float("nan"), "NaN"),
            (float("-inf"), "-Infinity"),
            (decimal.Decimal("1E+3"), "1000"),
            (decimal.Decimal("1.50"), "1.50"),
            (dt.date(2020, 1, 2), "2020-01-02"),
            (dt.datetime(2020, 1, 2, 3), "2020-01-02T03:00:00"),
            (dt.datetime(2020, 1, 2, 3, tzinfo=east), "2020-01-02T01:00:00Z"),
            (dt.timedelta(days=1, hours=1), "P1DT3600S"),
            (dt.timedelta(seconds=-0.5), "-PT0.5S"),
            (dt.timedelta(0), "PT0S"),
            (b"abc", "YWJj"),
            ([1, (2, None)], [1, [2, None]]),
            ({"a": decimal.Decimal(1)}, {"a": "1"}),
        ]:
            with self.subTest(value):
                self.assertEqual(rows.json_value(value), expected)

    def test_rows_that_are_too_large_are_refused_with_advice(self) -> None:
        rows.check_size([["x" * 10]], 100)
        with self.assertRaises(TaskError) as caught:
            rows.check_size([["x" * 60], ["x" * 60]], 100)
        self.assertEqual(caught.exception.reason, "output_too_large")
        self.assertIn("output.path", str(caught.exception))

    def test_a_table_is_aligned_and_bounded(self) -> None:
        lines = rows.table_lines(["name", "n"], [["a", 1], ["bc\n", 20], [None, None]], has_more=True)
        self.assertEqual(lines, ["name     n", "----  ----", "a        1", "bc      20", "NULL  NULL", "… more rows"])
        wide = rows.table_lines([f"column{i}" for i in range(100)], [["x" * 100] * 100], has_more=False)
        self.assertTrue(all(len(line) <= rows.SHOWN_LINE_CHARACTERS + 50 for line in wide))

    def test_addresses(self) -> None:
        self.assertEqual(host_and_port("sc://127.0.0.1:50051"), ("127.0.0.1", 50051))
        self.assertEqual(host_and_port("sc://sail:1/;user_id=x"), ("sail", 1))
        self.assertEqual(host_and_port("sc://[::1]:7"), ("::1", 7))
        self.assertEqual(host_and_port("sc://sail"), ("sail", 15002))

    def test_paths_name_their_run(self) -> None:
        self.assertEqual(manifest.resolved("s3://b/x/${run_id}", "r1"), "s3://b/x/r1")


class Recorder:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def warning(self, message: str) -> None:
        self.told.append(("warning", message))

    def progress(self, done: float, total: float | None) -> None:
        self.told.append(("progress", done, total))

    def value(self, name: str, kind: str, value: Any) -> None:
        self.told.append((name, kind, value))

    def rows(self, name: str, frame: Any) -> None:
        self.told.append((name, "rows"))


class ContextTests(unittest.TestCase):
    def setUp(self) -> None:
        self.recorder = Recorder()
        outputs = KnownOutputs()
        outputs.tell([{"task": "first", "name": "n", "value": 3}])
        self.context = Context(
            run_id="r",
            job="j",
            task="t",
            variables={"a": 1},
            outputs=outputs,
            reports=self.recorder,
            spark=lambda: "session",
        )

    def test_outputs_by_kind(self) -> None:
        self.context.set_output("a", "text")
        self.context.set_output("b", decimal.Decimal("1.0"))
        self.context.set_output("c", pathlib.PurePosixPath("/x"))
        self.context.set_output("d", [1, {"k": dt.date(2020, 1, 1)}])
        self.assertEqual(
            self.recorder.told,
            [
                ("a", "text", "text"),
                ("b", "scalar", "1.0"),
                ("c", "path", "/x"),
                ("d", "scalar", [1, {"k": "2020-01-01"}]),
            ],
        )

    def test_names_and_types_are_checked(self) -> None:
        for name in ["", "a b", "x" * 64, "é"]:
            with self.assertRaises(ValueError):
                self.context.set_output(name, 1)
        with self.assertRaises(TypeError):
            self.context.set_output("a", object())

    def test_earlier_outputs_and_a_missing_one(self) -> None:
        self.assertEqual(self.context.output("first", "n"), 3)
        with self.assertRaisesRegex(KeyError, "known are: first.n"):
            self.context.output("first")

    def test_variables_cannot_be_changed(self) -> None:
        with self.assertRaises(TypeError):
            self.context.variables["a"] = 2  # type: ignore[index]

    def test_progress_in_between_is_thinned_but_its_end_is_told(self) -> None:
        for step in range(1, 1001):
            self.context.progress(step, 1000)
        self.assertLess(len(self.recorder.told), 50)
        self.assertEqual(self.recorder.told[-1], ("progress", 1000.0, 1000.0))


class ScriptTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def script(self, text: str) -> Script:
        return Script("task", text, self.folder)

    def test_each_script_has_a_fresh_main_with_a_real_file(self) -> None:
        seen: list[Any] = []
        self.script("kept = 1").execute({})
        self.script("seen.append(('kept' in globals(), __name__, len(__file__) > 10))").execute({"seen": seen})
        self.assertEqual(seen, [(False, "__main__", True)])

    def test_exits(self) -> None:
        self.script("import sys; sys.exit()").execute({})
        self.script("import sys; sys.exit(0)").execute({})
        with self.assertRaises(ScriptEnded) as caught:
            self.script("import sys; sys.exit(4)").execute({})
        self.assertEqual(caught.exception.code, 4)

    def test_a_trace_begins_in_the_script(self) -> None:
        script = self.script("import json\ndef f():\n    json.loads('{')\nf()")
        try:
            script.execute({})
        except ValueError as error:
            trace = script.trace(error) or ""
        self.assertIn('File "task.py", line 3, in f', trace)
        self.assertNotIn("scripts.py", trace)
        self.assertTrue(trace.splitlines()[-1].startswith("json.decoder.JSONDecodeError"))

    def test_mentions(self) -> None:
        self.assertTrue(self.script("def f():\n    return [spark for _ in x]").mentions("spark"))
        self.assertFalse(self.script("# spark\nx = 'spark'").mentions("spark"))
        self.assertFalse(self.script("a = (").mentions("spark"))


if __name__ == "__main__":
    unittest.main()
