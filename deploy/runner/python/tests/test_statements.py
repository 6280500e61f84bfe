import unittest

from slipway_runner.statements import Statement, split


class SplitTests(unittest.TestCase):
    def test_statements_end_at_semicolons_outside_of_everything_else(self) -> None:
        cases = {
            "": [],
            " ;; -- only a comment;\n/* and ; another */ ;": [],
            "select 1": ["select 1"],
            "select 1;select 2;": ["select 1", "select 2"],
            "select ';'; select 2": ["select ';'", "select 2"],
            "select 'it''s;'; select 2": ["select 'it''s;'", "select 2"],
            r"select 'a\';'; select 2": [r"select 'a\';'", "select 2"],
            r"select r'a\'; select 2": [r"select r'a\'", "select 2"],
            r"select bar'a\';'; select 2": [r"select bar'a\';'", "select 2"],
            'select ";" as `a;b`; select 2': ['select ";" as `a;b`', "select 2"],
            "select $$a;b$$; select $t$;$$;$t$": ["select $$a;b$$", "select $t$;$$;$t$"],
            "select 1 -- no; end\n; select 2": ["select 1 -- no; end", "select 2"],
            "select /* ; /* nested ; */ ; */ 1; select 2": ["select /* ; /* nested ; */ ; */ 1", "select 2"],
            "select 'open; select 2": ["select 'open; select 2"],
            "select 1 /* open; select 2": ["select 1 /* open; select 2"],
            "select a - -1; select 2": ["select a - -1", "select 2"],
        }
        for text, expected in cases.items():
            with self.subTest(text):
                self.assertEqual([statement.text for statement in split(text)], expected)

    def test_a_statement_knows_its_line(self) -> None:
        self.assertEqual([statement.line for statement in split("\nselect 1;\n\n  select\n2;select 3")], [2, 4, 5])

    def test_parameters_are_names_after_a_colon_but_not_after_two(self) -> None:
        self.assertEqual(Statement("select :a, b::int, x:c, ':d'", 1).parameters(), {"a", "d"})

    def test_kinds(self) -> None:
        for text, is_select, is_query in [
            ("-- x\n(select 1)", True, True),
            ("WITH a AS (SELECT 1) SELECT * FROM a", True, True),
            ("show tables", False, True),
            ("insert into t select 1", False, False),
            ("", False, False),
        ]:
            with self.subTest(text):
                statement = Statement(text, 1)
                self.assertEqual((statement.is_select(), statement.is_query()), (is_select, is_query))

    def test_order_counts_outside_of_strings_only(self) -> None:
        self.assertTrue(Statement("select 1 ORDER  by 1", 1).is_ordered())
        self.assertFalse(Statement("select 'order by' -- order by", 1).is_ordered())

    def test_parameters_become_reads_of_a_view_except_in_strings_and_comments(self) -> None:
        statement = Statement("insert into t select :a, ':a', `:a`, :b::int -- :a", 1)
        self.assertEqual(
            statement.with_parameters_from({"a": "v"}),
            "insert into t select (SELECT `a` FROM v), ':a', `:a`, :b::int -- :a",
        )


if __name__ == "__main__":
    unittest.main()
