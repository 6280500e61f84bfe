import unittest

from slipway_runner.errors import MESSAGE_CHARACTERS, ErrorFacts, SailFacts, chain, classify, facts, readable

GONE = SailFacts(was_connected=True, answers_now=False)
NEVER = SailFacts(was_connected=False, answers_now=False)
WELL = SailFacts()


class ClassifyTests(unittest.TestCase):
    def test_whose_error_it_is(self) -> None:
        cases: list[tuple[str, str, str | None, SailFacts, str, str]] = [
            ("SparkConnectGrpcException", "Socket closed", "UNAVAILABLE", GONE, "sail_crashed", "infrastructure"),
            ("AnalysisException", "whatever", None, GONE, "sail_crashed", "infrastructure"),
            ("SparkConnectGrpcException", "refused", "UNAVAILABLE", NEVER, "sail_unreachable", "infrastructure"),
            ("SparkConnectGrpcException", "Socket closed", "UNAVAILABLE", WELL, "sail_unreachable", "infrastructure"),
            ("SparkConnectGrpcException", "RST_STREAM", "CANCELLED", WELL, "sail_unreachable", "infrastructure"),
            ("RetriesExceeded", "[RETRIES_EXCEEDED]", None, WELL, "sail_unreachable", "infrastructure"),
            ("SparkRuntimeException", "Failed to allocate 10 MB", None, WELL, "sail_out_of_memory", "infrastructure"),
            ("QueryExecutionException", "the spilling process", None, WELL, "sail_out_of_memory", "infrastructure"),
            ("SparkRuntimeException", "task scheduling timeout", None, WELL, "sail_unreachable", "infrastructure"),
            ("SparkRuntimeException", "h2 protocol error", None, WELL, "sail_unreachable", "infrastructure"),
            ("SparkRuntimeException", "failed to lookup address", None, WELL, "sail_unreachable", "infrastructure"),
            ("SparkConnectGrpcException", "operation not found", "INTERNAL", WELL, "sail_crashed", "infrastructure"),
            ("QueryExecutionException", "Generic S3 error", None, WELL, "storage_unavailable", "infrastructure"),
            ("SparkRuntimeException", "Permission denied (13)", None, WELL, "storage_unavailable", "infrastructure"),
            ("AnalysisException", "[TABLE_OR_VIEW_NOT_FOUND] t", None, WELL, "task_failed", "user"),
            ("IllegalArgumentException", "invalid argument: found x expected y", None, WELL, "task_failed", "user"),
            ("UnsupportedOperationException", "unknown function: f", None, WELL, "task_failed", "user"),
            ("NumberFormatException", "Cannot cast string", None, WELL, "task_failed", "user"),
            ("ArithmeticException", "divide by zero", None, WELL, "task_failed", "user"),
            ("ArrayIndexOutOfBoundsException", "index 3", None, WELL, "task_failed", "user"),
            ("PythonException", "Traceback …", None, WELL, "task_failed", "user"),
        ]
        for name, message, status, sail, reason, failure_class in cases:
            with self.subTest(name=name, message=message):
                failure = classify(ErrorFacts(name, message, status, is_from_engine=True), sail)
                self.assertEqual((failure.reason, failure.failure_class), (reason, failure_class))
                self.assertEqual(failure.error_name, name)

    def test_a_script_s_own_error_stays_its_own_even_without_sail(self) -> None:
        for name, reason in [("ValueError", "task_failed"), ("MemoryError", "runner_out_of_memory")]:
            failure = classify(ErrorFacts(name, "x"), GONE)
            self.assertEqual((failure.reason, failure.failure_class), (reason, "user"))

    def test_messages_are_readable_and_bounded(self) -> None:
        text = '<_InactiveRpcError of RPC:\n\tstatus = StatusCode.INTERNAL\n\tdetails = "a \\"b\\""\n>'
        self.assertEqual(readable(text), 'a "b"')
        self.assertEqual(len(readable("x" * 5000)), MESSAGE_CHARACTERS)

    def test_facts_of_exceptions(self) -> None:
        self.assertEqual(facts(ValueError("v")), ErrorFacts("ValueError", "v", None, False))
        engine = type("SparkConnectGrpcException", (Exception,), {"__module__": "pyspark.errors"})
        found = facts(engine("status = StatusCode.UNAVAILABLE"))
        self.assertTrue(found.is_from_engine)
        self.assertEqual(found.status, "UNAVAILABLE")

    def test_the_chain_follows_causes_and_ends(self) -> None:
        try:
            try:
                raise KeyError("inner")
            except KeyError as inner:
                raise RuntimeError("outer") from inner
        except RuntimeError as outer:
            self.assertEqual([type(error) for error in chain(outer)], [RuntimeError, KeyError])
            outer.__cause__.__cause__ = outer  # type: ignore[union-attr]
            self.assertEqual(len(list(chain(outer))), 2)


if __name__ == "__main__":
    unittest.main()
