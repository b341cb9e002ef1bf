"""The documentation is true: its Python code runs, and its commands exist.

Every Python block of README.md and docs/ runs, page by page and in order, in a directory of its own, with small data
and short trainings. A block that cannot run in a test has an HTML comment on the line above, which says why:
``<!-- not run in tests: it needs four GPUs -->``. It is compiled only.
"""

import ast
import functools
import os
import re
import shlex
import tempfile
import textwrap
from pathlib import Path
from typing import NamedTuple

import click
import pykeen.cli
import pytest
from pykeen.datasets import Kinships, Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import model_resolver

import pykeen_conj_hale.cli
from pykeen_conj_hale.models import QueryTransE
from pykeen_conj_hale.text import Cooccurrence
from pykeen_conj_hale.text.joint_configuration import read_configuration

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(ROOT).as_posix(): path for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]}

#: What makes a block short enough for a test: trainings of many epochs or seconds, datasets that PyKEEN does not carry
SHORTER = (
    (r'dataset="(?:WN18|FB15k|YAGO3|CoDEx)[\w-]*"', 'dataset="nations"'),
    (r"num_epochs=(?:[2-9]\d|\d{3,})\b", "num_epochs=2"),
    (r"time_budget=(?:[3-9]|\d{2,})\b", "time_budget=1"),
    (r'time_budget="[\d:]+"', 'time_budget="00:00:01"'),
    (r"\bseconds=\d+\b", "seconds=0.4"),
    (r"n_trials=\d+\b", "n_trials=2"),
)
#: Why a block is not run: a comment directly above it
REASON = r"(?:^<!-- not run in tests: (?P<reason>[^\n]+?) -->\n+)?"
#: Python between fences; and with four spaces, but only what imports something: most of what is indented is no code
FENCED = re.compile(REASON + r"^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(REASON + r"(?<=\n\n)(?P<code>^ {4}\S.*\n(?:(?: {4}.*)?\n)*)", re.MULTILINE)


class Block(NamedTuple):
    """A piece of Python in a page, the number of lines before it, and why it is not run, if it is not."""

    code: str
    lines_before: int
    reason: str | None


def find_blocks(text: str) -> list[Block]:
    """Find the Python blocks of a page, in order."""
    without_fences = re.sub(r"^```.*?^```$", lambda match: "\n" * match[0].count("\n"), text, flags=re.M | re.S)
    indented = [
        match for match in INDENTED.finditer(without_fences) if re.search(r"^ {4}(import|from) ", match[0], re.M)
    ]
    return sorted(
        (
            Block(textwrap.dedent(match["code"]), source[: match.start("code")].count("\n"), match["reason"])
            for source, matches in ((text, FENCED.finditer(text)), (without_fences, indented))
            for match in matches
        ),
        key=lambda block: block.lines_before,
    )


def shorten(code: str) -> str:
    """Replace what takes too long in a test."""
    for pattern, replacement in SHORTER:
        code = re.sub(pattern, replacement, code)
    return code


def write_dataset(folder: Path) -> None:
    """Write a dataset's files: what a page says about "my_dataset" is about any."""
    dataset = Nations()
    folder.mkdir()
    for name, split in (("train", dataset.training), ("valid", dataset.validation), ("test", dataset.testing)):
        lines = ["\t".join(triple) for triple in split.label_triples(split.mapped_triples)]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def run_blocks(blocks: list[Block], page: str, folder: Path) -> dict[str, object]:
    """Run blocks in a directory, and return what they defined. What they register is forgotten."""
    namespace: dict[str, object] = {"__name__": "docs", "__file__": str(folder / "page.py")}
    model_resolver.lookup("TransE")  # registers this package's models first
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(model_resolver, "lookup_dict", dict(model_resolver.lookup_dict))
        for block in blocks:
            # an error names the line of the page
            code = compile("\n" * block.lines_before + shorten(block.code), page, "exec")
            if block.reason is None:
                exec(code, namespace)
    return namespace


@functools.cache
def run_page(path: Path) -> dict[str, object]:
    """Run the Python blocks of a page, once."""
    folder = Path(tempfile.mkdtemp(dir=os.environ["PYKEEN_HOME"]))  # removed with it, after all tests
    write_dataset(folder / "my_dataset")
    return run_blocks(find_blocks(path.read_text()), str(path), folder)


def run_code(page: str) -> dict[str, object]:
    """Run the Python blocks of a page in docs/ unless another test has, and return what they defined."""
    return run_page(DOCS / page)


@pytest.mark.parametrize("page", [name for name, path in PAGES.items() if find_blocks(path.read_text())])
def test_every_block_runs(page):
    run_page(PAGES[page])


def test_what_is_a_block(tmp_path):
    text = """
    indented = 1

```python
x = 1
```

    import math

    y = math.sqrt(4)

<!-- not run in tests: there is no such function -->
```python
z = x / 0
```

```shell
x = 2
```
"""
    blocks = find_blocks(text)
    assert [block.code for block in blocks] == ["x = 1\n", "import math\n\ny = math.sqrt(4)\n\n", "z = x / 0\n"]
    assert [text.splitlines()[block.lines_before].strip() for block in blocks] == ["x = 1", "import math", "z = x / 0"]
    assert [block.reason for block in blocks] == [None, None, "there is no such function"]
    defined = run_blocks(blocks, "page.md", tmp_path)
    assert (defined["x"], defined["y"], "z" in defined) == (1, 2, False)
    with pytest.raises(SyntaxError):  # compiled, all the same
        run_blocks([Block("pipeline(…)", 0, "a reason")], "page.md", tmp_path)


def test_what_is_shorter():
    assert shorten('dataset="WN18RR-all", num_epochs=100') == 'dataset="nations", num_epochs=2'
    assert (
        shorten("time_budget=600, stopper_kwargs=dict(seconds=10)") == "time_budget=1, stopper_kwargs=dict(seconds=0.4)"
    )
    kept = 'dataset="kinships", num_epochs=10, time_budget=2, wn18rr="WN18RR"'
    assert shorten(kept) == kept


@pytest.fixture
def registered(monkeypatch):
    """Forget what is registered in a test."""
    model_resolver.lookup("TransE")  # registers this package's models first
    monkeypatch.setattr(model_resolver, "lookup_dict", dict(model_resolver.lookup_dict))


def test_your_own_transform():
    defined = run_code("your_own_transform.md")
    defined["test_compounde"]()
    result, dataset = defined["result"], Kinships(create_inverse_triples=True)
    assert type(result.model) is defined["CompoundE"]
    assert repr(result.model.interaction.similarity) == "ExponentialDistance()"
    untrained = defined["CompoundE"](triples_factory=dataset.training, random_seed=0)
    chance = RankBasedEvaluator().evaluate(
        untrained,
        dataset.testing.mapped_triples,
        additional_filter_triples=[dataset.training.mapped_triples, dataset.validation.mapped_triples],
        batch_size=256,
        use_tqdm=False,
    )
    # the budget is in seconds: a busy machine does little in them
    assert result.get_metric("mrr") > 1.5 * chance.get_metric("mrr")


def test_your_own_transform_is_one_file_through_one_door():
    file = find_blocks((DOCS / "your_own_transform.md").read_text())[0].code
    assert len(file.splitlines()) <= 40
    modules = [node.module for node in ast.walk(ast.parse(file)) if isinstance(node, ast.ImportFrom)]
    assert modules == ["torch", "pykeen_conj_hale.nn"]
    assert ast.get_docstring(ast.parse(file).body[-1])


def test_your_own_loss():
    defined = run_code("your_own_loss.md")
    result, dataset = defined["result"], Kinships(create_inverse_triples=True)
    assert type(result.model.loss) is defined["MarginSoftmaxLoss"]
    assert result.get_metric("mrr") > 3 / dataset.num_entities * 5


def test_lightning():
    defined = run_code("lightning.md")
    assert defined["result"].get_metric("mrr") > 0.1  # untrained: 0.05
    assert defined["module"].global_step == 10 * len(defined["module"].trainer.train_dataloader)


def test_text(tmp_path):
    defined = run_code("text.md")
    written = Path(defined["__file__"]).parent / "cooc.npz"
    assert Cooccurrence.load(written).entities == ["brazil", "china", "cuba", "poland", "ussr"]
    assert isinstance(defined["result"].model, QueryTransE)
    assert {"cuba", "sugar", "uk"} <= {*defined["vectors"].entities, *defined["vectors"].words}
    configuration = re.search(r"^```json\n(.*?)^```", (DOCS / "text.md").read_text(), flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "config.json").write_text(configuration[1])
    assert read_configuration(tmp_path / "config.json")["pipeline"]["model"] == "JointGloVe"


def find_commands(text: str) -> list[str]:
    """Find the command lines of a page: at the beginning of a line of a block, or between backticks."""
    text = text.replace("\\\n", " ")
    lines = re.findall(r"^(?: {4})?(pykeen(?:-conj-hale)? .+)$", text, re.M)
    inline = re.findall(r"(?<!`)`(pykeen(?:-conj-hale)? [^`]+)`(?!`)", text)
    return [re.sub(r"\s+", " ", line) for line in [*lines, *inline]]


def find_unknown_options(line: str) -> set[str]:
    """Return the options of a command line which click does not know; an unknown command is an error."""
    program, *words = [word for word in shlex.split(line, comments=True) if word != "…"]
    command = {"pykeen": pykeen.cli.main, "pykeen-conj-hale": pykeen_conj_hale.cli.main}[program]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, found = words[0], command.get_command(click.Context(command), words.pop(0))
        assert found is not None, f"{line}: there is no {name}"
        command = found
    context = click.Context(command)
    known = {
        option for parameter in command.get_params(context) for option in parameter.opts + parameter.secondary_opts
    }
    return {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)} - known


COMMANDS = [(name, line) for name, path in PAGES.items() for line in find_commands(path.read_text())]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_every_command_exists(page, line):
    assert find_unknown_options(line) == set()


def test_what_is_a_command():
    text = (
        "Run `pykeen train\nrotl --bad 1 …`, or\n\n    pykeen-conj-hale report \\\n        --worse X   # comment --no\n"
    )
    first, second = sorted(find_commands(text))
    assert find_unknown_options(first) == {"--bad"} or find_unknown_options(second) == {"--bad"}
    assert find_unknown_options(first) | find_unknown_options(second) == {"--bad", "--worse"}
    with pytest.raises(AssertionError, match="there is no trane"):
        find_unknown_options("pykeen trane rotl")
