#!/usr/bin/env python3
"""The style checker finds what it should and nothing else."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_style  # noqa: E402


def faults(path, text, baseline=None):
    checker = check_style.Checker("/", baseline)
    checker.check_file(path, text)
    return [f"{path}:{line}: {what}" for path, line, what in checker.faults]


def body(lines):
    return "int f() {\n" + "  g();\n" * (lines - 2) + "}\n"


class Includes(unittest.TestCase):
    def test_a_folder_may_include_itself_and_those_below(self):
        self.assertEqual(faults("engine/smtp/a.cc", '#include "engine/smtp/a.h"\n'
                                                    '#include "engine/base/bytes.h"\n'), [])

    def test_a_folder_may_not_include_one_above(self):
        found = faults("engine/base/a.cc", '#include "engine/smtp/a.h"\n')
        self.assertIn("engine/base/a.cc:1: engine/base includes engine/smtp", found[0])

    def test_a_folder_may_not_include_one_beside_it(self):
        self.assertEqual(len(faults("scanners/a.cc", '#include "engine/smtp/reply.h"\n')), 1)

    def test_an_include_names_its_folder(self):
        self.assertIn("path from the root", faults("scanners/a.cc", '#include "a.h"\n')[0])

    def test_a_library_stays_in_its_folder(self):
        self.assertEqual(faults("engine/net/a.cc", "#include <rte_mbuf.h>\n"), [])
        self.assertIn("<rte_mbuf.h> belongs in engine/net alone",
                      faults("engine/worker/a.cc", "#include <rte_mbuf.h>\n")[0])

    def test_tests_may_include_everything(self):
        self.assertEqual(faults("tests/net/a.cc", '#include <rte_mbuf.h>\n'
                                                  '#include "engine/control/a.h"\n'), [])

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(faults("engine/base/a.cc", '// #include "engine/smtp/a.h"\n'), [])


class Lengths(unittest.TestCase):
    def test_a_function_of_60_lines_is_fine_and_one_of_61_is_not(self):
        self.assertEqual(faults("tls/a.cc", body(60)), [])
        self.assertEqual(faults("tls/a.cc", body(61)),
                         ["tls/a.cc:1: f() has 61 lines; at most 60: split it"])

    def test_members_constructors_and_templates_are_functions(self):
        long = " {\n" + "  g();\n" * 60 + "}\n"
        for head in ("A::A(int a)\n    : a_(a)", "template <class T>\nT f(T t) requires C<T>",
                     "auto A::operator==(const A& b) const noexcept -> bool",
                     "static std::vector<int> A::f(const char* x = \"(\")"):
            self.assertEqual(len(faults("tls/a.cc", head + long)), 1, head)
            self.assertEqual(len(faults("tls/a.cc", "class A {\n public:\n" + head + long + "};\n")),
                             1, head)

    def test_a_long_class_namespace_or_table_is_no_function(self):
        rows = "".join(f"  f({i});\n" for i in range(80))
        for head in ("namespace a", "struct A : B<int(int)>", "enum class A", "constexpr int kA[] ="):
            self.assertEqual(faults("tls/a.cc", head + " {\n" + "  int a;\n" * 80 + "}\n"), [], head)
        self.assertEqual(faults("tls/a.cc", "namespace a {\n" + rows + "}\n"), [])

    def test_braces_in_texts_and_comments_do_not_count(self):
        text = "int f() {\n  g(\"}\", '}', R\"(}\n})\");  // }\n" + "  g();\n" * 60 + "}\n"
        self.assertEqual(len(faults("tls/a.cc", text)), 1)

    def test_a_file_of_501_lines_is_too_long(self):
        self.assertEqual(faults("tls/a.cc", "int a;\n" * 500), [])
        self.assertEqual(len(faults("tls/a.cc", "int a;\n" * 501)), 1)

    def test_a_line_of_101_columns_is_too_long(self):
        self.assertEqual(faults("tls/a.cc", "/" * 2 + "x" * 98 + "\n"), [])
        self.assertEqual(len(faults("tls/a.cc", "/" * 2 + "x" * 99 + "\n")), 1)


class Ratchet(unittest.TestCase):
    def test_a_listed_function_may_stay_but_not_grow(self):
        self.assertEqual(faults("tls/a.cc", body(70), {"tls/a.cc:f": 70}), [])
        self.assertIn("grew to 71", faults("tls/a.cc", body(71), {"tls/a.cc:f": 70})[0])

    def test_a_listed_function_that_shrinks_lowers_its_entry(self):
        self.assertIn("write 65 in", faults("tls/a.cc", body(65), {"tls/a.cc:f": 70})[0])

    def test_an_entry_without_need_is_a_fault(self):
        with tempfile.TemporaryDirectory() as folder:
            checker = check_style.Checker(folder, {"tls/gone.cc": 700})
            checker.check_tree()
            self.assertIn("remove it", checker.faults[0][2])


class Banned(unittest.TestCase):
    def test_banned_names_are_found_with_what_to_use(self):
        rows = {
            "  std::cout << 1;": "use fmt::print",
            '  printf("x");': "use the log",
            "  std::this_thread::sleep_for(x);": "use the timer wheel",
            "  usleep(5);": "use the timer wheel",
            "  int x = rand();": "use engine/base/random.h",
            "  std::random_device d;": "use engine/base/random.h",
            "  sprintf(a, b);": "use std::string_view",
            "  throw Fault{};": "use std::expected",
            "  assert(x);": "use SLUICE_ASSERT",
            "  // TODO: later": "use an issue",
        }
        for row, use in rows.items():
            found = faults("engine/base/a.cc", "\n" + row + "\n")
            self.assertEqual(len(found), 1, row)
            self.assertTrue(found[0].startswith("engine/base/a.cc:2: ") and use in found[0], found)

    def test_names_that_look_alike_are_fine(self):
        for row in ("  static_assert(true);", "  session.sleep(now);", "  operand(1);",
                    "  fprintf(stderr, x);", '  f("rand()");', "  // rand() is not used",
                    "  snprintf(a, 1, b);", "  int todo;"):
            self.assertEqual(faults("engine/base/a.cc", row + "\n"), [], row)

    def test_tools_may_print(self):
        self.assertEqual(faults("tools/a.cc", '  fmt::print("x");\n'), [])

    def test_blanks_in_a_text_are_no_layout(self):
        self.assertEqual(faults("tls/a.cc", 'auto a = R"(S: 250 \n\t)";\n'), [])

    def test_layout_faults_are_found(self):
        self.assertEqual(len(faults("tls/a.cc", "int a; \n")), 1)
        self.assertEqual(len(faults("tls/a.cc", "\tint a;\n")), 1)
        self.assertEqual(len(faults("tls/a.cc", "int a;")), 1)
        self.assertEqual(len(faults("tls/a.h", "int a;\n")), 1)


if __name__ == "__main__":
    unittest.main()
