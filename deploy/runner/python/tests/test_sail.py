"""Against a real Sail, where pysail is installed."""

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import threading
import unittest
import uuid
from pathlib import Path
from typing import Any

from slipway_runner import errors, manifest, queries, rows
from slipway_runner.session import SailSession

IDENTIFIER = str(uuid.uuid4())
ENDLESS = "SELECT count(*) FROM range(100000000) a CROSS JOIN range(1000000) b WHERE (a.id * b.id) % 7 = 3"
IS_AVAILABLE = all(importlib.util.find_spec(name) for name in ("pysail", "pyspark"))


@unittest.skipUnless(IS_AVAILABLE, "needs pysail and pyspark-client")
class SailTests(unittest.TestCase):
    sail: "subprocess.Popen[str]"
    address: str
    session: SailSession

    @classmethod
    def setUpClass(cls) -> None:
        program = Path(sysconfig.get_path("scripts")) / "sail"
        cls.sail = subprocess.Popen(
            [sys.executable, str(program), "spark", "server", "--port", "0"],
            stderr=subprocess.PIPE,
            text=True,
            # As in a pod: with a thread for each of few cores a busy query keeps Sail from answering for a minute.
            env={**os.environ, "TOKIO_WORKER_THREADS": "8"},
        )
        assert cls.sail.stderr is not None
        for line in cls.sail.stderr:
            if found := re.search(r"server on ([\d.]+:\d+)\.\.\.", line):
                cls.address = "sc://" + found[1]
                cls.session = SailSession(cls.address, IDENTIFIER)
                return
        raise RuntimeError("Sail did not start")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.session.release()
        cls.sail.kill()
        cls.sail.communicate()

    def execute(self, text: str, **variables: Any) -> list[list[Any]]:
        kept: list[Any] = []
        item = [variables.pop("item")] if "item" in variables else []
        parameters = queries.Parameters.of(variables, ["day"], item, 7)
        self.session.has_variables_view = False
        queries.execute(self.session, text, parameters, lambda frame, _: kept.append(frame.toArrow()))
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

    def test_dates_and_items_keep_their_types(self) -> None:
        found = self.execute("SELECT typeof(:day), typeof(:item), :item + 1", day="2026-01-31", item=41)
        self.assertEqual(found, [["date", "int", 42]])
        text = "CREATE OR REPLACE TEMPORARY VIEW i AS SELECT :item AS i, :day AS d; SELECT i, d FROM i"
        self.assertEqual(self.execute(text, day="2026-01-31", item="it's"), [["it's", "2026-01-31"]])

    def test_an_item_that_is_no_scalar_is_refused(self) -> None:
        with self.assertRaisesRegex(errors.TaskError, ":item is an object"):
            self.execute("SELECT :item", item={"a": 1})

    def test_workers_of_a_run_share_views_but_not_interruptions(self) -> None:
        other = SailSession(self.address, IDENTIFIER)
        other.begin("other")
        other.get().sql("SELECT 5 AS n").createOrReplaceTempView("shared")
        self.assertEqual(self.execute("SELECT n FROM shared"), [[5]])
        ended: list[str] = []

        def endless() -> None:
            try:
                other.get().sql(ENDLESS).toArrow()
            except Exception as error:  # noqa: BLE001 (what it is called is looked at)
                ended.append(type(error).__name__)

        query = threading.Thread(target=endless)
        query.start()
        while query.is_alive():
            self.session.interrupt("nobody's")
            self.assertEqual((self.execute("SELECT 1"), ended), ([[1]], []))
            other.interrupt("other")
            query.join(0.1)
        self.assertEqual(len(ended), 1)
        # A script's spark.stop() ends its own connection only.
        other.get().stop()
        self.assertEqual(self.execute("SELECT n FROM shared"), [[5]])

    def test_a_session_of_one_execution_is_given_back_after_it(self) -> None:
        own = SailSession(self.address)
        own.begin("own")
        own.get().sql("SELECT 6 AS n").createOrReplaceTempView("own")
        with self.assertRaisesRegex(Exception, "own"):
            self.execute("SELECT n FROM own")
        own.end_execution()
        with self.assertRaisesRegex(Exception, "own"):
            own.get().sql("SELECT n FROM own").toArrow()
        own.release()

    def test_local_sail_tells_no_progress(self) -> None:
        # If this fails, Sail tells what could be shown as a task's progress.
        self.assertEqual(self.execute("SELECT * FROM system.execution.jobs"), [])

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
