"""Datasets mapped from the disk: those of files read in memory, bad files, and the command that makes them."""

import gzip
import json
import logging
import re
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pykeen.triples import CoreTriplesFactory

from pykeen_conj_hale.cli import main
from pykeen_conj_hale.datasets import Columns, FolderDataset, MappedDataset, build_triples
from pykeen_conj_hale.datasets.labels import WHITE_SPACE
from pykeen_conj_hale.datasets.mapped import blocks, numbering
from pykeen_conj_hale.datasets.mapped.dataset import MappedTriplesFactory

pytest.importorskip("duckdb")

# d, e and s are unseen in training; labels sort by their characters, not by any language
TRIPLES = {
    "train": [("b", "r", "a"), ("a", "r", "ç"), ("ç", "q", "b"), ("a", "q", "a"), ("Z", "q", "007")],
    "valid": [("a", "r", "d"), ("e", "q", "d")],
    "test": [("d", "s", "a"), ("a", "r", "b")],
}
SPLITS = {"train": "training", "valid": "validation", "test": "testing"}


def write(folder, triples=TRIPLES, ending=".tsv"):
    """Write a folder of files of one format."""
    folder.mkdir(exist_ok=True, parents=True)
    for stem, rows in triples.items():
        path = folder / f"{stem}{ending}"
        text = "".join("\t".join(row) + "\n" for row in rows).encode()
        if ending == ".parquet":
            pandas.DataFrame(rows, columns=["head", "relation", "tail"]).to_parquet(path)
        else:
            path.write_bytes(gzip.compress(text) if ending.endswith(".gz") else text)
    return folder


def build(source, output, **kwargs):
    """Build quietly, and open the result."""
    build_triples(source, output, use_tqdm=False, **{"memory": 0.25, **kwargs})
    return MappedDataset(output)


def check_equal(mapped, other):
    """Compare a mapped dataset with one in memory."""
    for split in SPLITS.values():
        assert torch.equal(mapped.factory_dict[split].mapped_triples, other.factory_dict[split].mapped_triples)
    assert list(mapped.entity_labels) == sorted(other.training.entity_to_id)
    assert list(mapped.relation_labels) == sorted(other.training.relation_to_id)
    assert [mapped.entity_labels.find(x) for x in other.training.entity_to_id] == list(
        other.training.entity_to_id.values()
    )


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Let a few triples take several blocks."""
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 200)
    monkeypatch.setattr(blocks, "_BLOCK_ROWS", 2)
    monkeypatch.setattr(numbering, "_BATCH_ROWS", 2)


@pytest.mark.parametrize("ending", [".tsv", ".txt.gz", ".parquet"])
def test_it_is_the_dataset_that_is_read_in_memory(tmp_path, ending):
    source = write(tmp_path / "source", ending=ending)
    mapped = build(source, tmp_path / "mapped")
    check_equal(mapped, FolderDataset(source))
    assert mapped.entity_labels[-1] == mapped.entity_labels[1:][-1] == "ç"
    with pytest.raises(ValueError, match="label='x' is none of the 7 entities"):
        mapped.entity_labels.find("x")
    with pytest.raises(IndexError):
        mapped.entity_labels[7]


LABEL = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\t\n\r\0\ufeff"), min_size=1, max_size=8
)
ROWS = st.lists(st.tuples(LABEL, LABEL, LABEL), min_size=1, max_size=12, unique=True)


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(ROWS, ROWS, ROWS)
def test_any_labels(tmp_path_factory, train, valid, test):
    source = write(tmp_path_factory.mktemp("any") / "source", dict(train=train, valid=valid, test=test))
    options = dict(header="keep", leakage="drop")
    try:
        expected = FolderDataset(source, eager=True, **options)
    except ValueError:
        with pytest.raises(ValueError, match="no triple of"):
            build(source, source.parent / "mapped", **options)
        return
    check_equal(build(source, source.parent / "mapped", **options), expected)


def test_labels_that_begin_as_a_byte_order_mark(tmp_path, monkeypatch):
    """As where files with such marks were put one behind the other; only the first one of a file is none of a label."""
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 30)
    rows = {stem: [(f"\ufeff{h}", r, t) for h, r, t in triples] for stem, triples in TRIPLES.items()}
    source = write(tmp_path / "source", rows)
    mapped = build(source, tmp_path / "mapped")
    check_equal(mapped, FolderDataset(source))
    assert "\ufeffa" in mapped.entity_labels


def test_a_split_of_several_files(tmp_path):
    source = write(tmp_path / "source")
    rows = TRIPLES["train"]
    (source / "train.tsv").unlink()
    write(source / "train", {"part-1": rows[:2], "part-2": rows[2:]}, ".tsv.gz")
    check_equal(build(source, tmp_path / "mapped"), FolderDataset(write(tmp_path / "whole")))
    (source / "train" / "readme.md").touch()
    with pytest.raises(ValueError, match=r"train has readme\.md; leave only files ending in"):
        build(source, tmp_path / "other")


def test_columns_of_parquet_and_headers(tmp_path):
    source = write(tmp_path / "source", ending=".parquet")
    numbers = pandas.DataFrame(dict(what=["q", "q"], to=[3, 4], of=[1, 2]))
    for stem in TRIPLES:
        numbers.to_parquet(source / f"{stem}.parquet")
    mapped = build(source, tmp_path / "mapped", columns=Columns("of", "what", "to"))
    assert list(mapped.entity_labels) == ["1", "2", "3", "4"]
    assert mapped.training.mapped_triples.tolist() == [[0, 0, 2], [1, 0, 3]]
    turned = {stem: [("tail", "relation", "head"), *rows] for stem, rows in TRIPLES.items()}
    source = write(tmp_path / "turned", turned)
    check_equal(build(source, tmp_path / "headless", header="drop"), FolderDataset(source, header="drop"))
    with pytest.raises(ValueError, match=r"train\.tsv, line 1: a header"):
        build(source, tmp_path / "refused")


@pytest.mark.parametrize("ending", [".tsv", ".txt.gz", ".parquet"])
@pytest.mark.parametrize("header", ["error", "drop", "keep"])
def test_named_columns_are_those_of_files_read_in_memory(tmp_path, ending, header):
    """These columns are the other way round than usual names would tell; a further one has what labels may not be."""
    columns = Columns("target", "type", "source")
    names, notes = ["note", "source", "type", "target"], ["", '"', "long " * 30, "\ufeff"]
    source = write(tmp_path / "source", ending=ending)
    for stem, rows in TRIPLES.items():
        table = [[notes[i % 4], *row] for i, row in enumerate(rows * 5)]
        path = source / f"{stem}{ending}"
        if ending == ".parquet":
            pandas.DataFrame(table, columns=names).to_parquet(path)
        else:
            text = "".join("\t".join(row) + "\r\n" for row in [names, *table]).encode()
            path.write_bytes(gzip.compress(text) if ending.endswith(".gz") else text)
    options = dict(columns=columns, header=header, duplicates="drop")
    mapped = build(source, tmp_path / "mapped", **options)
    check_equal(mapped, FolderDataset(source, **options))
    b, r, a = mapped.entity_labels.find("b"), mapped.relation_labels.find("r"), mapped.entity_labels.find("a")
    assert mapped.training.mapped_triples[0].tolist() == [a, r, b]


def test_the_command_takes_named_columns_of_lines(tmp_path):
    source = write(tmp_path / "source", {stem: [("source", "type", "target"), *x] for stem, x in TRIPLES.items()})
    names = ["--head-column", "target", "--relation-column", "type", "--tail-column", "source"]
    run = CliRunner().invoke(
        main,
        ["triples", "build", str(source), "-o", str(tmp_path / "mapped"), "--no-progress", "--header", "drop", *names],
    )
    assert run.exit_code == 0, run.output
    check_equal(MappedDataset(tmp_path / "mapped"), FolderDataset(source, columns=Columns(*names[1::2])))


def test_named_columns_of_several_files(tmp_path):
    """Each has a header, and its columns in an order of its own."""
    source, rows = write(tmp_path / "source", ending=".parquet"), TRIPLES["train"]
    (source / "train.parquet").unlink()
    parts = {
        "part-1": [("tail", "head", "relation"), *((t, h, r) for h, r, t in rows[:2])],
        "part-2": [("head", "relation", "tail"), *rows[2:]],
    }
    write(source / "train", parts)
    check_equal(
        build(source, tmp_path / "mapped", columns=Columns("head", "relation", "tail")),
        FolderDataset(write(tmp_path / "whole")),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("to\tof\nb\ta\n", "line 1: the column of the relation, 'what', is not there; the columns are 'to', 'of'"),
        ("b\tr\ta\n" * 9, "line 1: the column of the head, 'of', is not there; the columns are 'b', 'r', 'a'"),
        ("to\twhat\tof\tx\n" + "b\tr\ta\t\n" * 40 + "b\tr\ta\n", "line 42: expected 4 columns .* found 3 columns"),
        ("to\twhat\tof\tx\n" + "b\tr\ta\t\n" * 40 + "b\t\ta\tx\n", "line 42: the relation is empty"),
        ("to\twhat\tof\tx\n" + "b\tr\ta\t\n" * 40 + "\nb\tr\ta\tx\n", "line 42: .* found a blank line"),
        ("to\twhat\tof\tx\n" + "b\tr\ta\t\n" * 40 + "b\tr\ta\0\tx\n", "line 42: the head has a .* NUL inside"),
        ("to\twhat\tof\tx\n" + "b\tr\ta\t\n" * 40 + "b\tr\ta\tx\rx\n", "line 42: a carriage return or a NUL"),
        ("to\twhat\tof\tx\n", "there is no triple"),
        ("", "there is no triple"),
    ],
)
def test_broken_tables_with_named_columns(tmp_path, text, message):
    source = write(tmp_path / "source", ending=".parquet")
    (source / "train.parquet").unlink()
    (source / "train.tsv").write_bytes(text.encode())
    with pytest.raises(ValueError, match=rf"train\.tsv[:,] {message}"):
        build(source, tmp_path / "mapped", columns=Columns("of", "what", "to"), duplicates="keep")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("line", ["x\tr\ty", "e1\tx\ty", "x\ty\te1", "e2\tx\ty", "x\ty\te2", "r\te1\tx", "x\te2\tr"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_triple_that_looks_like_a_header_is_found_as_in_memory(tmp_path, line, end):
    source = write(tmp_path / "source")
    lines = ["e1\tr\te2", *(f"a{i}\tq\tb" for i in range(50)), line, "b\tq\tb"]
    (source / "train.tsv").write_bytes(end.join(lines).encode())
    mapped = build(source, tmp_path / "mapped", header="drop")
    check_equal(mapped, FolderDataset(source, header="drop"))
    assert mapped.training.num_triples == 52 + (line[0] not in "r" and line[-1] != "r")


@pytest.mark.parametrize("policy", ["error", "drop", "keep"])
def test_duplicates_and_leaks_are_found_as_in_memory(tmp_path, caplog, policy):
    train, valid, test = TRIPLES["train"], TRIPLES["valid"], TRIPLES["test"]
    rows = dict(
        train=[*train, train[1], *train[2:4], train[1]],
        valid=[*valid, train[2], test[1], valid[0], train[0]],
        test=[*test, train[2], train[0], train[2]],
    )
    source = write(tmp_path / "source", rows)
    for kind in ("duplicates", "leakage"):
        options = dict(duplicates="keep", leakage="keep") | {kind: policy}
        messages = []
        for make in (
            lambda options=options: FolderDataset(source, eager=True, **options),
            lambda options=options, kind=kind: build(source, tmp_path / kind, **options),
        ):
            caplog.clear()
            try:
                dataset = make()
            except ValueError as error:
                messages.append([str(error)])
                continue
            messages.append(
                sorted(record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING)
            )
        if policy == "error":
            assert kind == "leakage" or "lines 2 and 6: the same triple twice (and 3 more duplicates)" in messages[1][0]
            assert len(messages[0]) == len(messages[1]) == 1
        else:
            assert messages[0] == messages[1]
            check_equal(dataset, FolderDataset(source, eager=True, **options))


def test_two_forms_of_a_text(tmp_path, caplog):
    rows = [("caf\u00e9", "r", "cafe\u0301"), ("ascii", "r", "other")]
    build(write(tmp_path / "source", dict.fromkeys(TRIPLES, rows)), tmp_path / "mapped")
    assert "Labels of entities (1 pair) are the same text in two forms of Unicode" in caplog.text
    assert "white space" not in caplog.text


@pytest.mark.parametrize("ending", [".tsv", ".parquet"])
def test_a_header_of_names_that_are_not_usual(tmp_path, caplog, ending):
    ring = [(f"e{i}", "r", f"e{(i + 1) % 24}") for i in range(24)]
    rows = {"train": [("country", "lies_in", "region"), *ring], "valid": [("e0", "s", "e5")], "test": [("x", "r", "y")]}
    source, said = write(tmp_path / "source", rows, ending), []
    for make in (lambda: FolderDataset(source, eager=True), lambda: build(source, tmp_path / "mapped")):
        caplog.clear()
        make()
        said.append(
            [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING and "names" in r.getMessage()]
        )
    assert said[0] == said[1]
    assert len(said[0]) == (ending == ".tsv")
    assert all("train.tsv, line 1: ['country', 'lies_in', 'region'] is read as a triple" in text for text in said[0])


def test_white_space_around_labels(tmp_path, caplog):
    rows = [(f"x{space}", "r", f"{space}y{i}") for i, space in enumerate(WHITE_SPACE)]
    rows += [("x", "r ", f"y{i}") for i in range(len(WHITE_SPACE))]
    source = write(tmp_path / "source", dict.fromkeys(TRIPLES, rows))
    for make in (lambda: build(source, tmp_path / "mapped"), lambda: FolderDataset(source, eager=True)):
        caplog.clear()
        make()
        assert "(1 pair) are the same text but for white space" in caplog.text
        counts = re.findall(r"Labels of entities \((\d+) pairs\) are the same text but for white space", caplog.text)
        # texts, or labels too many: x has many labels, and so has each y two
        assert int(counts[0]) in {len(WHITE_SPACE) + 1, 2 * len(WHITE_SPACE)}


# --- what is not allowed


def test_a_database_that_has_no_place(tmp_path, monkeypatch):
    """DuckDB's errors are of its own kind, of which the command line knows nothing."""

    def fail(*args):
        raise numbering.import_duckdb().IOException("No space left on device")

    monkeypatch.setattr(numbering.Numbering, "number", fail)
    with pytest.raises(
        OSError, match=r"memory=0\.25 \(GiB\) on the disk of .*: No space left on device\. It needs space"
    ):
        build(write(tmp_path / "source"), tmp_path / "mapped")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a\tr\tb\n" * 9 + b"a\tb\n" + b"a\tr\tb\n" * 9, r"train\.tsv, line 10: expected three .* found 2"),
        (b"a\tr\tb\n" * 9 + b"a\t\tb\n", r"train\.tsv, line 10: .* found 3 columns, 1 of them empty"),
        (b"a\tr\tb\n" * 9 + b"\n" + b"a\tr\tb\n", r"train\.tsv, line 10: .* a blank line"),
        (b"a\tr\tb\n" * 9 + b"a\tr\t\xff\n", r"train\.tsv, line 10: not UTF-8 at byte offset 58"),
        (b"x" * 1_000, r"train\.tsv, line 1: expected three .* found 1"),
        (b"", r"train\.tsv: there is no triple"),
        (b"head\trelation\ttail\n", r"train\.tsv: there is no triple"),
    ],
)
def test_broken_lines(tmp_path, text, message):
    source = write(tmp_path / "source")
    (source / "train.tsv").write_bytes(text)
    with pytest.raises(ValueError, match=message):
        build(source, tmp_path / "mapped", header="drop", duplicates="keep")
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_broken_files(tmp_path):
    source = write(tmp_path / "source", ending=".tsv.gz")
    whole = (source / "train.tsv.gz").read_bytes()
    (source / "train.tsv.gz").write_bytes(whole[:-9])
    with pytest.raises(ValueError, match=r"train\.tsv\.gz: broken gzip data"):
        build(source, tmp_path / "mapped")
    (source / "train.tsv.gz").unlink()
    (source / "train.parquet").write_bytes(b"PAR1, but no more")
    with pytest.raises(ValueError, match=r"train\.parquet: no Parquet file, or damaged"):
        build(source, tmp_path / "mapped")
    frame = pandas.DataFrame(TRIPLES["train"], columns=["head", "relation", "tail"])
    frame.loc[3, "tail"] = None
    frame.to_parquet(source / "train.parquet")
    with pytest.raises(ValueError, match=r"train\.parquet, row 4, column 'tail': the label is empty"):
        build(source, tmp_path / "mapped")
    frame.assign(tail=0.5).to_parquet(source / "train.parquet")
    with pytest.raises(ValueError, match="the column 'tail' is of double; labels are text or whole numbers"):
        build(source, tmp_path / "mapped")
    (source / "train.parquet").unlink()
    frame.to_csv(source / "train.csv")
    with pytest.raises(ValueError, match=r"train\.csv: large data are read of"):
        build(source, tmp_path / "mapped")


def test_folders_that_are_there(tmp_path):
    source = write(tmp_path / "source")
    build(source, tmp_path / "mapped")
    with pytest.raises(FileExistsError, match="is there already"):
        build(source, tmp_path / "mapped")
    assert MappedDataset(tmp_path / "mapped").num_entities == 7
    build(write(source, TRIPLES | {"train": [*TRIPLES["train"], ("new", "r", "a")]}), tmp_path / "mapped", force=True)
    assert MappedDataset(tmp_path / "mapped").num_entities == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mapped", "source"]


@pytest.mark.parametrize(
    ("place", "said"), [("", "is the input"), ("mapped", "is in the input"), ("..", "holds the input")]
)
def test_an_output_apart_from_the_input(tmp_path, place, said):
    """A replaced folder is gone with all that it holds, also with what was just read."""
    source = write(tmp_path / "around" / "source")
    build(source, tmp_path / "mapped")
    # every place looks like a result, so that only where it is tells
    (source / place).mkdir(exist_ok=True)
    (source / place / "dataset.json").write_bytes((tmp_path / "mapped" / "dataset.json").read_bytes())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=said):
        build(source, source / place, force=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_input_that_is_a_link_is_not_lost(tmp_path):
    output = build(write(tmp_path / "source"), tmp_path / "mapped") and tmp_path / "mapped"
    for file in (tmp_path / "source").iterdir():
        (output / file.name).write_bytes(file.read_bytes())
        file.unlink()
        file.symlink_to(output / file.name)
    with pytest.raises(ValueError, match=r"holds the input .*train\.tsv"):
        build(tmp_path / "source", output, force=True)
    assert FolderDataset(tmp_path / "source").training.num_triples == 5


@pytest.mark.parametrize("about", ["{}", "no JSON", '{"format": "of another program", "version": 1}'])
def test_only_own_folders_are_replaced(tmp_path, about):
    source, output = write(tmp_path / "source"), tmp_path / "output"
    build(source, output)
    (output / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds what .* does not write, notes\.txt"):
        build(source, output, force=True)
    (output / "notes.txt").unlink()
    (output / "dataset.json").write_text(about)
    with pytest.raises(FileExistsError, match="did not write it"):
        build(source, output, force=True)
    assert (output / "dataset.json").read_text() == about


def test_damaged_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no dataset\.json"):
        MappedDataset(tmp_path)
    folder = tmp_path / "mapped"
    build(write(tmp_path / "source"), folder)
    about = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(about | {"version": 2}))
    with pytest.raises(ValueError, match="not the description of mapped triples of pykeen-conj-hale, version 1"):
        MappedDataset(folder)
    (folder / "dataset.json").write_text(json.dumps(about | {"entities": 3}))
    with pytest.raises(ValueError, match="where there are 3 entities and 3 relations; build the folder anew"):
        MappedDataset(folder)
    (folder / "dataset.json").write_text(json.dumps(about))
    (folder / "training.npy").write_bytes((folder / "training.npy").read_bytes()[:-8])
    with pytest.raises(ValueError, match=r"training\.npy: no array of NumPy, or cut off"):
        MappedDataset(folder)
    np.save(folder / "training.npy", np.zeros((5, 3), dtype=np.int32))
    with pytest.raises(ValueError, match=r"training\.npy: an array of int32 and shape \(5, 3\), where int64"):
        MappedDataset(folder)


@pytest.mark.parametrize(("argument", "value"), [("memory", 0), ("memory", "4GB"), ("force", 1), ("duplicates", "no")])
def test_arguments(tmp_path, argument, value):
    with pytest.raises(ValueError, match=f"{argument}={value!r} is "):
        build(write(tmp_path / "source"), tmp_path / "mapped", **{argument: value})


def test_the_command(tmp_path):
    source, output = write(tmp_path / "source"), tmp_path / "mapped"
    run = CliRunner().invoke(main, ["triples", "build", str(source), "-o", str(output), "--no-progress"])
    assert run.exit_code == 0, run.output
    expected = "7 entities, 3 relations, triples: 5 training, 2 validation, 2 testing"
    assert expected in run.output
    assert expected in CliRunner().invoke(main, ["triples", "info", str(output)]).output
    run = CliRunner().invoke(main, ["triples", "build", str(source), "-o", str(output), "--no-progress"])
    assert run.exit_code == 2
    assert "is there already" in run.output


# --- the factory


def test_the_factory_copies_nothing_and_is_one_of_pykeen(tmp_path):
    build(write(tmp_path / "source"), tmp_path / "mapped")
    dataset = MappedDataset(tmp_path / "mapped", create_inverse_triples=True)
    training = dataset.training
    assert isinstance(training, MappedTriplesFactory)
    if sys.platform == "linux":
        address, found = training.mapped_triples.data_ptr(), None
        for line in Path("/proc/self/maps").read_text().splitlines():
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            found = line if start <= address < end else found
        assert found.endswith("training.npy")
    plain = CoreTriplesFactory(training.mapped_triples.clone(), 7, 3, create_inverse_triples=True)
    assert training == plain
    assert (training.num_relations, dataset.testing.num_relations) == (6, 3)
