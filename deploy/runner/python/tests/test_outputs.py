import unittest

from slipway_runner import redaction, rows
from slipway_runner.outputs import KnownOutputs, OutputError


class OutputTests(unittest.TestCase):
    def setUp(self) -> None:
        self.outputs = KnownOutputs()

    def test_rows_are_dictionaries_and_later_values_win(self) -> None:
        self.outputs.tell([{"task": "q", "name": "result", "value": [[1], [2]], "columns": ["n"]}])
        self.assertEqual(self.outputs.one("q", "result"), [{"n": 1}, {"n": 2}])
        self.outputs.tell([{"task": "q", "name": "result", "value": None}])
        self.assertIsNone(self.outputs.one("q", "result"))

    def test_items_are_a_list_in_their_order_with_gaps(self) -> None:
        self.outputs.tell([{"task": "load[2]", "name": "n", "value": 2}, {"task": "load[0]", "name": "n", "value": 0}])
        self.assertEqual(self.outputs.of_items("load", "n"), [0, None, 2])
        self.outputs.tell_item_counts({"load": 4, "empty": 0})
        self.assertEqual(self.outputs.of_items("load", "n"), [0, None, 2, None])
        self.assertEqual(self.outputs.of_items("empty", "n"), [])

    def test_errors_say_what_to_do(self) -> None:
        self.outputs.tell(
            [
                {"task": "load[0]", "name": "n", "value": 0},
                {"task": "big", "name": "result", "missing": "it was too large to be carried over"},
            ]
        )
        for task, name, words in [
            ("load", "n", r"use context.outputs\('load', 'n'\)"),
            ("big", "result", "not at hand: it was too large to be carried over"),
            ("nope", "n", r"known are: load\[0\].n"),
        ]:
            with self.assertRaisesRegex(OutputError, words):
                self.outputs.one(task, name)
        with self.assertRaisesRegex(OutputError, "only tasks with for_each"):
            self.outputs.of_items("nope", "n")


class RedactionTests(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(redaction.hide, [])

    def test_the_longest_value_wins_and_short_ones_stay(self) -> None:
        redaction.hide(["abcd", "abcdef", "xyz", "first line\r\n  second line"])
        self.assertEqual(redaction.redacted("abcdefg abcd xyz first line second"), "***g *** xyz *** second")
        self.assertEqual(redaction.redacted("  second line"), "  ***")

    def test_cells_are_masked_before_they_are_shortened(self) -> None:
        redaction.hide(["s" * 60])
        self.assertEqual(rows.table_lines(["v"], [["s" * 60]], has_more=False)[-1], "***")


if __name__ == "__main__":
    unittest.main()
