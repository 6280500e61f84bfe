"""Against a real Sail, where pysail is installed."""

import importlib.util
import re
import subprocess
import sys
import sysconfig
import tempfile
import unittest
from pathlib import Path
from typing import Any

from slipway_runner import errors, manifest, queries, rows
from slipway_runner.session import SailSession

IS_AVAILABLE = all(importlib.util.find_spec(name) for name in ("pysail", "pyspark"))


@unittest.skipUnless(IS_AVAILABLE, "needs pysail and pyspark-client")
class SailTests(unittest.TestCase):
    sail: "subprocess.Popen[str]"
    session: SailSession

    @classmethod
    def setUpClass(cls) -> None:
        program = Path(sysconfig.get_path("scripts")) / "sail"
        cls.sail = subprocess.Popen(
            [sys.executable, str(program), "spark", "server", "--port", "0"], stderr=subprocess.PIPE, text=True
        )
        assert cls.sail.stderr is not None
        for line in cls.sail.stderr:
            if found := re.search(r"server on ([\d.]+:\d+)\.\.\.", line):
                cls.session = SailSession("sc://" + found[1])
                return
        raise RuntimeError("Sail did not start")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.session.release()
        cls.sail.kill()
        cls.sail.communicate()

    def execute(self, text: str, **variables: Any) -> list[list[Any]]:
        kept: list[Any] = []
        queries.execute(self.session.get(), text, variables, lambda frame, _: kept.append(frame.toArrow()))
        return rows.json_rows(kept[0])

    def test_one_session_serves_all(self) -> None:
        self.assertIs(self.session.get(), self.session.get())
        self.assertTrue(self.session.facts().answers_now)

    def test_variables_in_queries_and_in_commands(self) -> None:
        text = """
            CREATE OR REPLACE TEMPORARY VIEW t AS SELECT :n AS n, :s AS s, ':s' AS literal;
            SELECT n + :n, s = :s, literal FROM t
        """
        self.assertEqual(self.execute(text, n=2**40, s="it's; --"), [[2**41, True, ":s"]])

    def test_a_missing_variable_is_named(self) -> None:
        with self.assertRaisesRegex(errors.TaskError, "line 1: the job has no variable nope; its variables are: n"):
            self.execute("SELECT :nope", n=1)

    def test_duplicate_column_names(self) -> None:
        self.assertEqual(self.execute("SELECT 1 AS a, 2 AS a"), [[1, 2]])

    def test_errors_of_a_query_are_the_user_s(self) -> None:
        for text, name in [
            ("SELECT * FROM nope", "AnalysisException"),
            ("SELEC 1", "IllegalArgumentException"),
            ("SELECT CAST('x' AS INT)", "NumberFormatException"),
        ]:
            with self.subTest(text), self.assertRaises(Exception) as caught:
                self.execute(text)
            failure = errors.classify(errors.facts(caught.exception), self.session.facts())
            self.assertEqual((failure.error_name, failure.failure_class), (name, "user"))

    def test_a_written_result_has_a_manifest_even_if_it_is_empty(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for text, count in [("SELECT * FROM range(10)", 10), ("SELECT 1 AS a WHERE false", 0)]:
                path = f"{folder}/{count}"
                written = manifest.write(self.session.get().sql(text), path)
                self.assertEqual((written.row_count, written.problem), (count, None))
                self.assertTrue((Path(path) / manifest.FILE_NAME).is_file())


if __name__ == "__main__":
    unittest.main()
