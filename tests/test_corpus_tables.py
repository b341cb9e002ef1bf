"""Tables: what Python's csv module writes comes back, and what is broken is refused with file and line."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.text import Document, read_descriptions, read_mentions
from pykeen_conj_hale.text.corpus.tables import read_rows


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.tsv"


def write(path, rows):
    """Write as pandas does."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)


def test_a_quote_and_a_line_break_in_a_description(path):
    rows = [["cuba", 'an island "in the sea"\n\nnear the usa'], ['say "hi"', "two\twords"], ["usa", "a state"]]
    write(path, rows)
    assert list(read_descriptions(path)) == [Document(text, entity) for entity, text in rows]
    write(path, [["entity", "description"], *rows])
    with pytest.raises(ValueError, match=r"t\.tsv, line 1: a header, \['entity', 'description'\].*header='drop'"):
        list(read_descriptions(path))
    assert list(read_descriptions(path, header="drop")) == [Document(text, entity) for entity, text in rows]
    assert next(read_descriptions(path, header="keep")) == Document("description", "entity")


#: What the module quotes, and characters that end lines elsewhere than in files
FIELDS = st.text(
    st.one_of(st.sampled_from('"\t\n ab'), st.characters(exclude_categories=["Cs"], exclude_characters="\r"))
)


@given(st.lists(st.tuples(st.text("ab\"' ", min_size=1).filter(str.strip), FIELDS), min_size=1))
def test_all_that_the_csv_module_writes(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.tsv"
        write(path, rows)
        assert [tuple(row) for row in read_rows(path, [0, -1], header="keep")] == rows


@given(st.lists(st.lists(st.text('"ab', min_size=1), min_size=2, max_size=3).map("\t".join), min_size=1, max_size=4))
def test_any_lines_are_read_as_the_csv_module_does_or_as_they_are_or_refused(lines):
    try:
        expected = [row[:2] for row in csv.reader([f"{line}\n" for line in lines], delimiter="\t", strict=True)]
    except csv.Error:
        expected = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.tsv"
        path.write_text("\n".join(lines))
        if expected is not None and all(len(row) == 2 and row[0].strip() for row in expected):
            assert list(read_rows(path, [0, 1])) == expected
        elif not any(field.startswith('"') for line in lines for field in line.split("\t")):
            assert list(read_rows(path, [0, 1])) == [line.split("\t")[:2] for line in lines]
        assert list(read_rows(path, [0, 1], quoting=False)) == [line.split("\t")[:2] for line in lines]


def test_text_that_is_not_quoted_keeps_its_quotes(path):
    path.write_text('a\t"Hello" is a greeting\nb\tthe "big" one\n"c" d\tx\n')
    assert [d.text for d in read_descriptions(path)] == ['"Hello" is a greeting', 'the "big" one', "x"]
    assert list(read_descriptions(path))[2].entity == '"c" d'


@pytest.mark.parametrize("rest", ["", "b\tplain\n" * 3, 'b\tthe "big" one\n', 'b\tthe ""big"" one\n'])
def test_a_quote_that_is_never_closed(path, rest):
    path.write_text(f'x\ty\na\t"Hello, he said\n{rest}')
    with pytest.raises(ValueError, match=r"t\.tsv, line 2: has a field that begins with a quote.*quoting=False"):
        list(read_descriptions(path))
    assert len(list(read_descriptions(path, quoting=False))) == 2 + rest.count("\n")


def test_a_missing_quote_does_not_read_the_whole_file(path, monkeypatch):
    monkeypatch.setattr("pykeen_conj_hale.text.corpus.tables.MAX_ROW", 30)
    path.write_text('a\t"Hello\n' + "b\tc\n" * 20 + '"')
    with pytest.raises(ValueError, match="line 1"):
        list(read_rows(path, [0, 1]))


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a\tb\nc\n", [0, 1], r"line 2: has 1 columns.*none of number \[1\]"),
        ("a\tb\tc\nd\te\n", [0, -1], "line 2: has 2 columns, separated by tabs, where the first row has 3"),
        ("a\tb\nd\te\tf\n", [0, -1], "line 2: has 3 columns, separated by tabs, where the first row has 2"),
        ("a\n", [0, -1], r"line 1: has 1 columns.*two of the columns \[0, -1\] are the same"),
        ("a\tb\n\tc\n", [0, 1], "line 2: the entity, in column 0, is empty"),
        ('a\t"b\nc"\nd\n', [0, 1], r"line 3: has 1 columns"),
    ],
)
def test_short_rows_are_refused(path, text, columns, message):
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"t\.tsv, {message}"):
        list(read_rows(path, columns))


def test_rows_of_different_lengths_are_fine_where_columns_are_counted_from_0(path):
    path.write_text("Q1\ta\tb\tc\nQ2\td\n")
    assert read_mentions(path) == {"Q1": ["a"], "Q2": ["d"]}


@pytest.mark.parametrize("header", ["Entity\tDescription", "\tdescription", "id\ttext", "entity_id\tGloss"])
def test_headers(path, header):
    path.write_text(f"{header}\ncuba\tan island\n")
    with pytest.raises(ValueError, match="a header"):
        list(read_rows(path, [0, 1]))


@pytest.mark.parametrize("line", ["name\tname", "cuba\tdescription", "entity\tan island", "id\tpart of the mind"])
def test_no_headers(path, line):
    path.write_text(f"{line}\n")
    assert list(read_rows(path, [0, 1])) == [line.split("\t")]


def test_unknown_arguments(path):
    path.write_text("a\tb\n")
    with pytest.raises(ValueError, match=r"header='no' is unknown; choose one of \['error', 'drop', 'keep'\]"):
        list(read_descriptions(path, header="no"))
