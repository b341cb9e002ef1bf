"""Triples in CSV, TSV and Parquet: labels stay text, and what is broken is named with its line."""

import csv
import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.datasets import Columns, FileDataset, FolderDataset
from pykeen_conj_hale.datasets.files import SplitFile
from pykeen_conj_hale.datasets.policies import Policies
from pykeen_conj_hale.datasets.reader import read_labels
from pykeen_conj_hale.datasets.tables import read_table

ODD = ["007", "NaN", "null", "1.0", "NA", "None", "true", 'a "quoted" one', "a,b", " x "]
NAMES = Columns("from node", "kind", "to node")


def write_csv(path, rows, **kwargs):
    text = io.StringIO(newline="")
    csv.writer(text, **kwargs).writerows(rows)
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix.lower() == ".gz" else data)
    return SplitFile(path)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "T.CSV.GZ"])
@pytest.mark.parametrize(
    ("header", "columns"), [(["note", "tail", "relation", "head"], None), (["note", *NAMES[::-1]], NAMES)]
)
def test_csv_by_names(tmp_path, name, header, columns):
    file = write_csv(tmp_path / name, [header, *(["n", t, "r", h] for h, t in zip(ODD, ODD[::-1], strict=True))])
    split = read_table(file, columns)
    assert split.labels[0::3] == ODD
    assert split.labels[2::3] == ODD[::-1]
    assert set(split.labels[1::3]) == {"r"}
    assert split.line(0) == 2


@pytest.mark.parametrize("header", [True, False])
def test_csv_with_semicolons(tmp_path, header):
    """A spreadsheet writes them where numbers have the decimal comma."""
    rows = [["head", "relation", "tail"]] * header + [["a,b", "r;s", "15"], ["c", "r", "1,5"]]
    split = read_table(write_csv(tmp_path / "t.csv", rows, delimiter=";"))
    assert split.labels == ["a,b", "r;s", "15", "c", "r", "1,5"]
    # where commas make three cells of each row, they count
    rows = [["a;b;c", "r", "d"], ["a", "r", "e"]]
    assert read_table(write_csv(tmp_path / "t.csv", rows)).labels == ["a;b;c", "r", "d", "a", "r", "e"]


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("a, X;near;b, Y\nc;near;d, Z\n", None, ["a, X", "near", "b, Y", "c", "near", "d, Z"]),
        ("head;relation;tail;note, and, more\na, X;near;b, Y;z\n", None, ["a, X", "near", "b, Y"]),
        ("relation;head;tail\nnear;a, X;b, Y, Z\n", None, ["a, X", "near", "b, Y, Z"]),
        ("of,x,y;what;to\n1;r;2\n", Columns("of,x,y", "what", "to"), ["1", "r", "2"]),
        ("of,what,to;x;y\n1,r,2\n", Columns("of", "what", "to;x;y"), ["1", "r", "2"]),
        # what is between quotes is within a cell
        ('"a, X";near;"b, Y"\n', None, ["a, X", "near", "b, Y"]),
        ("a;b,r;s,c;d\n" * 2 + "a,r,b\n" * 2, None, ["a;b", "r;s", "c;d"] * 2 + ["a", "r", "b"] * 2),
    ],
)
def test_commas_and_semicolons(tmp_path, text, columns, expected):
    (tmp_path / "t.csv").write_text(text)
    assert read_table(SplitFile(tmp_path / "t.csv"), columns).labels == expected


def test_rows_that_can_be_read_in_two_ways(tmp_path):
    (tmp_path / "t.csv").write_text("a, X;near;b, Y\nc, X;near;d, Z\n")
    with pytest.raises(
        ValueError,
        match=r"line 1: the first row is 'a', ' X;near;b', ' Y' or 'a, X', 'near', 'b, Y', .*Give .* a header",
    ):
        read_table(SplitFile(tmp_path / "t.csv"))


OWN = [["e1", "r", "e2"], ["x", "r", "y"], ["e1", "s", "e3"]]


def test_a_first_row_that_looks_like_a_header(tmp_path, caplog):
    """As in a plain file, other rows tell, and else the argument `header`."""
    split = read_table(write_csv(tmp_path / "t.csv", OWN))
    assert (split.labels, split.line(0)) == ([label for row in OWN for label in row], 1)
    assert "may be names of columns, and is read as a triple, as 'r' is in another line, too" in caplog.text
    header = [["head", "relation", "tail"], ["a", "r", "two\nlines"], ["b", "r", "c"]]
    file = write_csv(tmp_path / "t.csv", [header[0], *OWN])
    assert read_labels(file, Policies(header="error")).labels == [label for row in OWN for label in row]
    assert read_labels(file, Policies(header="keep")).labels[:6] == [*header[0], *OWN[0]]
    caplog.clear()
    split = read_labels(file, Policies(header="drop"))
    assert (split.labels[:3], split.line(2)) == (OWN[0], 4)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "it is left out" in caplog.text
    # named columns leave nothing to guess
    assert read_labels(file, Policies(header="keep"), Columns(*header[0])).labels[:3] == OWN[0]


def test_a_first_row_of_more_columns_that_may_be_a_triple(tmp_path):
    rows = [[*row, "note"] for row in OWN]
    with pytest.raises(ValueError, match=r"\['e1', 'r', 'e2'\] may be names of columns or a triple, as 'r' is in"):
        read_table(write_csv(tmp_path / "t.csv", rows))
    assert read_table(write_csv(tmp_path / "t.csv", rows), Columns(*OWN[0])).labels[:3] == OWN[1]


def test_csv_without_header(tmp_path):
    assert read_table(write_csv(tmp_path / "t.csv", [["a", "r", "b"]])).labels == ["a", "r", "b"]


def test_lines_count_where_a_further_column_has_line_breaks(tmp_path):
    rows = [["head", "relation", "tail", "note"], ["a", "r", "b", "two\nlines"], ["c", "", "d", "x"]]
    with pytest.raises(ValueError, match=r"line 4: the relation is empty"):
        read_table(write_csv(tmp_path / "t.csv", rows))


@pytest.mark.parametrize("columns", [None, Columns("head", "relation", "tail")])
def test_a_further_column_may_be_long(tmp_path, columns):
    limit = csv.field_size_limit()
    rows = [["head", "relation", "tail", "note"], ["a", "r", "b", "long " * 100_000], ["c", "r", "d", "x"]]
    assert read_table(write_csv(tmp_path / "t.csv", rows), columns).labels == ["a", "r", "b", "c", "r", "d"]
    (tmp_path / "t.csv").write_text('head,relation,tail,note\na,r,b,"no end\n' + "c,r,d,x\n" * 100_000)
    with pytest.raises(ValueError, match=r"t\.csv, line 2: broken row \(unexpected end of data\)"):
        read_table(SplitFile(tmp_path / "t.csv"), columns)
    assert csv.field_size_limit() == limit


def test_tsv_by_names_has_no_quotes(tmp_path):
    (tmp_path / "t.tsv").write_text('kind\tto node\tfrom node\textra\nr\t"b\ta\tx\n')
    assert read_table(SplitFile(tmp_path / "t.tsv"), NAMES).labels == ["a", "r", '"b']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("head,relation,tail\na,r,b\nc,r\n", r"line 3: expected 3 columns as in the first line, found 2 columns"),
        ("head,relation,tail\na,r,b\n\nc,r,d\n", r"line 3: .*found a blank line"),
        ('head,relation,tail\na,r,"b"x\n', r"line 2: broken row"),
        ('head,relation,tail\na,r,"b\tc"\n', r"line 2: the tail has a tab"),
        ("head,relation,tail\n", "nothing but a header"),
        ("", "is empty"),
        ("\n\r\n", "is empty"),
        ("\na,r,b\n", r"line 1: a blank line, where a header or the first triple is expected"),
        (
            "a\tr\tb\n",
            r"is one column, and no telling .* commas or semicolons; with tabs between, its name ends in \.tsv",
        ),
        ("a,r,b,c\n", r"4 columns, and no telling which .*'a', 'r', 'b', 'c'"),
    ],
)
def test_broken_csv(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_table(SplitFile(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            Columns("x", "relation", "tail"),
            r"column of the head, 'x', is not there; .*'head', 'relation', 'tail', 'tail'",
        ),
        (Columns("head", "relation", "tail"), "'tail', is there more than once"),
        (Columns("head", "head", "relation"), "names a column twice"),
    ],
)
def test_wrong_names(tmp_path, columns, message):
    file = write_csv(tmp_path / "t.csv", [["head", "relation", "tail", "tail"], ["a", "r", "b", "c"]])
    with pytest.raises(ValueError, match=message):
        read_table(file, columns)


LABELS = st.text(st.characters(exclude_characters="\t\n\r\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(st.tuples(LABELS, LABELS, LABELS), min_size=1))
def test_csv_keeps_any_label(tmp_path_factory, triples):
    file = write_csv(tmp_path_factory.mktemp("csv") / "t.csv", [NAMES, *triples])
    assert read_table(file, NAMES).labels == [label for triple in triples for label in triple]


def test_parquet(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    table = {"tail": ODD, "x": [0.5] * len(ODD), "head": list(range(len(ODD))), "relation": ["r"] * len(ODD)}
    parquet.write_table(arrow.table(table), path)
    split = read_table(SplitFile(path))
    assert split.labels[0::3] == [str(i) for i in range(len(ODD))]
    assert split.labels[2::3] == ODD
    with pytest.raises(ValueError, match=r"column 'x' is of double; labels are text or whole numbers"):
        read_table(SplitFile(path), Columns("x", "relation", "tail"))
    parquet.write_table(arrow.table({**table, "tail": [None, *ODD[1:]]}), path)
    with pytest.raises(ValueError, match=r"row 1, column 'tail': the label is empty"):
        read_table(SplitFile(path))
    path.write_bytes(b"no Parquet")
    with pytest.raises(ValueError, match="no Parquet file, or damaged"):
        read_table(SplitFile(path))


@pytest.mark.parametrize("names", [["a", "b", "a"], ["head", "x", "x"]])
def test_a_parquet_column_that_is_there_twice(tmp_path, names):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "t.parquet"
    parquet.write_table(arrow.table([["a"], ["r"], ["b"]], names=names), path)
    with pytest.raises(ValueError, match=r"t\.parquet: the column '[ax]' is there more than once; .*Give each"):
        read_table(SplitFile(path))
    # what is not read may be there as often as it likes
    names = ["head", "note", "relation", "tail", "note"]
    parquet.write_table(arrow.table([["a"], ["x"], ["r"], ["b"], ["y"]], names=names), path)
    assert read_table(SplitFile(path)).labels == ["a", "r", "b"]


def test_a_header_says_the_order_of_columns(tmp_path):
    (tmp_path / "t.txt").write_text("relation\ttail\thead\nr\tb\ta\n")
    split = read_labels(SplitFile(tmp_path / "t.txt"), Policies(header="drop"))
    assert (split.labels, split.line(0)) == (["a", "r", "b"], 2)


TRIANGLE = [(f"e{i}", f"r{i % 2}", f"e{j}") for i in range(8) for j in range(8) if i != j]


def test_one_file_is_split_so_that_all_is_trained(tmp_path, caplog):
    write_csv(tmp_path / "t.csv", [["head", "relation", "tail"], *TRIANGLE, TRIANGLE[0]])
    splits = [getattr(FileDataset(tmp_path / "t.csv", True, seed=1), x) for x in ("training", "validation", "testing")]
    assert [factory.num_triples for factory in splits] == [44, 6, 6]
    found = [tuple(x) for factory in splits for x in factory.label_triples(factory.mapped_triples).tolist()]
    assert sorted(found) == sorted(TRIANGLE)
    assert len(splits[0].mapped_triples[:, [0, 2]].unique()) == 8
    assert (splits[0].create_inverse_triples, splits[1].create_inverse_triples) == (True, False)
    assert "lines 2 and 58: the same triple twice" in caplog.text
    again = FileDataset(tmp_path / "t.csv", seed=1).testing.mapped_triples
    assert (again == splits[2].mapped_triples).all()


@pytest.mark.parametrize(
    "rows", [[("a", "r", "b")], [("a", "r", "b"), ("c", "r", "d"), ("e", "r", "f"), ("g", "s", "h")]]
)
def test_too_few_triples_to_split(tmp_path, rows):
    (tmp_path / "t.txt").write_text("".join("\t".join(row) + "\n" for row in rows))
    with pytest.raises(
        ValueError, match=rf"of {len(rows)} triples, 1 for validation and 1 for testing cannot be held out"
    ):
        _ = FileDataset(tmp_path / "t.txt").training


def test_arguments_of_one_file(tmp_path):
    (tmp_path / "t.txt").write_text("a\tr\tb\n")
    with pytest.raises(ValueError, match="duplicates='keep' is not allowed"):
        FileDataset(tmp_path / "t.txt", duplicates="keep")
    with pytest.raises(ValueError, match=r"holdout=0\.5 is not allowed"):
        FileDataset(tmp_path / "t.txt", holdout=0.5)
    with pytest.raises(FileNotFoundError, match="is no file of triples"):
        FileDataset(tmp_path / "missing.txt")


def test_a_folder_of_tables(tmp_path):
    for name, rows in (("train", TRIANGLE[:40]), ("valid", TRIANGLE[40:45]), ("test", TRIANGLE[45:])):
        write_csv(tmp_path / f"{name}.csv", [NAMES, *rows])
    dataset = FolderDataset(tmp_path, columns=NAMES)
    assert [dataset.training.num_triples, dataset.testing.num_triples] == [40, 11]
