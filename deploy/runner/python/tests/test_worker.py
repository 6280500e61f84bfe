import os
import unittest
from pathlib import Path
from typing import Any

from tests.worker_process import NurseryUnderTest


class WorkerTests(unittest.TestCase):
    nursery: NurseryUnderTest

    @classmethod
    def setUpClass(cls) -> None:
        cls.nursery = cls.enterClassContext(NurseryUnderTest())

    def test_workers_are_processes_of_their_own_in_sessions_of_their_own(self) -> None:
        first, second = self.nursery.worker(), self.nursery.worker()
        self.assertNotEqual(first.process, second.process)
        for worker in (first, second):
            self.assertEqual(os.getsid(worker.process), worker.process)
            self.assertNotEqual(_parent(worker.process), self.nursery.process.pid)
        first.start(python="import time; print('waiting', flush=True); time.sleep(1000)")
        self.assertEqual(second.execute(python="print('meanwhile')")[-1]["state"], "succeeded")
        self.assertEqual(second.printed(), "meanwhile\n")
        first.give("cancel", execution=1)
        self.assertEqual(first.until_done()[-1]["state"], "cancelled")
        self.assertEqual(first.execute(python="print('again')")[-1]["state"], "succeeded")

    def test_the_process_they_come_from_has_one_thread_and_no_child(self) -> None:
        self.nursery.worker()
        process = Path(f"/proc/{self.nursery.process.pid}/task")
        threads = list(process.iterdir())
        self.assertEqual(len(threads), 1)
        self.assertEqual((threads[0] / "children").read_text(), "")

    def test_a_worker_ends_when_its_orders_do(self) -> None:
        worker = self.nursery.worker()
        worker.give("end", release=True)
        self.assertEqual(worker.reports.readline(), "")

    def failure(self, **members: Any) -> dict[str, Any]:
        ending = self.nursery.worker().execute(**members)[-1]
        self.assertEqual(ending["state"], "failed", ending)
        failure = ending["failure"]
        assert isinstance(failure, dict)
        return failure

    def test_a_script_from_a_file_finds_its_neighbours(self) -> None:
        self.nursery.write("neighbour.py", "value = 5")
        path = self.nursery.write(
            "main.py", "# coding: utf-8\nimport neighbour\ncontext.set_output('n', neighbour.value)\nprint(__file__)"
        )
        worker = self.nursery.worker()
        output, ending = worker.execute(python={"file": path})
        self.assertEqual((output["value"], ending["state"], worker.printed()), (5, "succeeded", path + "\n"))

    def test_what_is_missing_is_named(self) -> None:
        self.nursery.write("half.py", "import missing_one\ndef f(): pass")
        self.nursery.write(
            "whole.py",
            "value = 1\nasync def later(): pass\ndef two(context, other): pass\ndef named(*, other): pass",
        )
        for source, words in [
            ({"python": {"file": "/nowhere/x.py"}}, "file /nowhere/x.py cannot be read: No such file"),
            ({"sql": {"file": "/nowhere/x.sql"}}, "file /nowhere/x.sql cannot be read: No such file"),
            (function("nowhere", "f"), "there is no module nowhere;"),
            (function("half", "f"), "module half needs missing_one, which is not installed"),
            (function("whole", "f"), "module whole has no function f"),
            (function("whole", "value"), "whole:value is no function but a int"),
            (function("whole", "later"), "whole:later is async; name a function that calls asyncio.run(later(…))"),
            (function("whole", "two"), "whole:two requires context, other;"),
            (function("whole", "named"), "whole:named requires other;"),
        ]:
            with self.subTest(source):
                failure = self.failure(**source)
                self.assertIn(words, failure["message"])
                self.assertEqual((failure["reason"], failure["failure_class"]), ("preparation_failed", "user"))

    def test_functions(self) -> None:
        self.nursery.write(
            "jobs.py",
            """
import sys

def plain():
    return {"a": 1}

def with_context(context):
    return f"{context.item} {context.item_index} {context.attempt}"

def optional(context=None):
    context.set_output("result", 1)

def leaves():
    sys.exit(3)

def fails():
    raise ValueError("no")

class Group:
    @staticmethod
    def inner(context):
        return context.output("before", "x")
""",
        )
        worker = self.nursery.worker()
        self.assertEqual(worker.execute(**function("jobs", "plain"))[0]["value"], {"a": 1})
        told = worker.execute(**function("jobs", "with_context"), item=[{"k": 1}], item_index=4, attempt=2)
        self.assertEqual(told[0]["value"], "{'k': 1} 4 2")
        self.assertEqual(worker.execute(**function("jobs", "optional"))[0]["value"], 1)
        self.assertEqual(worker.execute(**function("jobs", "leaves"))[-1]["exit_code"], 3)
        upstream = [{"task": "before", "name": "x", "value": [[1, 2]], "columns": ["a", "b"]}]
        told = worker.execute(**function("jobs", "Group.inner"), upstream=upstream)
        self.assertEqual(told[0]["value"], [{"a": 1, "b": 2}])
        failure = worker.execute(**function("jobs", "fails"))[-1]["failure"]
        self.assertEqual((failure["error_name"], failure["message"]), ("ValueError", "no"))
        self.assertTrue(failure["stack_trace"].splitlines()[1].endswith("line 17, in fails"), failure["stack_trace"])

    def test_secrets_are_masked_before_texts_are_cut(self) -> None:
        worker = self.nursery.worker(confidential=["s3cret-value\nsecond line", "abc"])
        script = "context.warn('x' * 1995 + 's3cret-value')\nraise ValueError('second line abc')"
        warning, ending = worker.execute(python=script)
        self.assertEqual(warning["message"], "x" * 1995 + "***")
        self.assertEqual(ending["failure"]["message"], "*** abc")
        self.assertNotIn("second line", ending["failure"]["stack_trace"])


def function(module: str, name: str) -> dict[str, Any]:
    return {"python": {"module": module, "function": name}}


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


if __name__ == "__main__":
    unittest.main()
