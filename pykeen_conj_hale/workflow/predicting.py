"""Predictions by labels: tails, heads or relations of many questions at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import pandas as pd
import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.models import Model
from pykeen.triples import CoreTriplesFactory, TriplesFactory
from pykeen.typing import LABEL_HEAD, LABEL_RELATION, LABEL_TAIL, Target
from torch import Tensor

from ..checks import check_choice, check_whole
from ..datasets.files import SplitFile
from ..datasets.policies import Policies
from ..datasets.reader import read_labels
from ..evaluation.batches import default_batch_size, in_batches
from ..evaluation.known_answers import KnownAnswers
from ..evaluation.ranking import check_no_nan
from .labels import look_up

__all__ = ["Known", "Question", "predict", "read_questions"]

#: What becomes of answers that are known: marked in a column of their own, or left out
Known: TypeAlias = Literal["mark", "drop"]
#: What stands for what is asked for, in a line of questions
ASKED: Final = "?"
NAMES: Final[tuple[Target, ...]] = (LABEL_HEAD, LABEL_RELATION, LABEL_TAIL)


class Question(NamedTuple):
    """A triple of which one part is asked for: that part is None."""

    head: str | None
    relation: str | None
    tail: str | None

    @property
    def target(self) -> Target:
        """What is asked for.

        :raises ValueError: unless it is one of the three
        """
        asked = [name for name, label in zip(NAMES, self, strict=True) if label is None]
        if len(asked) != 1:
            given = [name for name in NAMES if name not in asked] or "nothing"
            raise ValueError(
                f"A question gives two of head, relation and tail, and asks for the third; given is {given}."
            )
        return asked[0]


def read_questions(path: str | Path) -> list[Question]:
    """Read a file of questions: head, relation and tail with tabs between, and ``?`` for what is asked for.

    :param path: the file, also with `.gz`
    :return: the questions
    :raises ValueError: if there is none, or a line is none
    """
    lines = read_labels(SplitFile(Path(path)), Policies(header="drop"))
    questions = []
    for row in range(len(lines.labels) // 3):
        labels = lines.triple(row)
        if labels.count(ASKED) != 1:
            raise ValueError(
                f"{path}, line {lines.line(row)}: expected {ASKED!r} for one of head, relation and tail, found "
                f"{labels}; mend or remove the line"
            )
        questions.append(Question(*(None if label == ASKED else label for label in labels)))
    return questions


@torch.inference_mode()
def predict(
    model: Model,
    training: TriplesFactory,
    questions: Sequence[Question],
    *,
    top: int = 10,
    known: Known = "mark",
    triples: Iterable[CoreTriplesFactory] = (),
    batch_size: int | None = None,
) -> pd.DataFrame:
    """Find the best answers of questions.

    The columns: ``question``, its number from 0; ``head``, ``relation``, ``tail``; ``rank``, from 1; ``score``, the
    model's; ``known``, whether the triple is among those given. Answers of a question follow each other, best first.

    :param model: the model
    :param training: the triples that it was trained on, which have the labels
    :param questions: the questions
    :param top: the number of answers per question, ≥ 1
    :param known: what becomes of triples that are known: ``"mark"`` or ``"drop"``
    :param triples: further known triples: validation, testing
    :param batch_size: the number of questions at once; by default as many as are fast
    :return: the table
    :raises UnknownLabelError: if a label is unknown
    :raises ValueError: if another argument is not allowed
    :raises NonFiniteScoreError: if the model predicts NaN
    """
    check_whole("top", top)
    check_choice("known", known, get_args(Known))
    if batch_size is not None:
        check_whole("batch_size", batch_size)
    everything = [training.mapped_triples, *(factory.mapped_triples for factory in triples)]
    by_target: dict[Target, list[int]] = {}
    found = []
    for number, question in enumerate(questions):
        try:
            by_target.setdefault(question.target, []).append(number)
            found.append(_look_up(question, training))
        except ValueError as error:
            if len(questions) == 1:
                raise
            raise type(error)(f"questions[{number}]: {error}") from error
    ids = torch.as_tensor(found, device=model.device).view(-1, 3)
    parts: list[dict[str, Any]] = []
    for target, numbers in by_target.items():
        candidates = training.real_num_relations if target == LABEL_RELATION else training.num_entities
        # a model scores inverse relations, too
        num_scored = candidates * (2 if target == LABEL_RELATION and model.use_inverse_triples else 1)
        size = default_batch_size(model, num_scored, model.device, [target]) if batch_size is None else batch_size
        asked = _Asked(ids[numbers], numbers, target, _index(ids[numbers], everything, target))
        answer = partial(_answer, model, asked, candidates, top, known)
        parts += in_batches(answer, len(numbers), size)
    return _make_table(parts, training)


class _Asked(NamedTuple):
    """Questions that ask for the same part: ids, numbers, the part, and known answers."""

    ids: Tensor
    numbers: Sequence[int]
    target: Target
    answers: KnownAnswers


def _answer(model: Model, asked: _Asked, candidates: int, top: int, known: Known, rows: slice) -> dict[str, Any]:
    """Answer a batch of questions: the columns of the table, with ids."""
    batch = asked.ids[rows]
    is_known = torch.zeros(len(batch), candidates, dtype=torch.bool, device=model.device)
    is_known[asked.answers.batch(rows.start, rows.stop)] = True
    found = _best(_score(model, batch, asked.target), is_known, min(top, candidates), known)
    return _make_rows(batch, asked.target, asked.numbers[rows], *found)


def _look_up(question: Question, training: TriplesFactory) -> tuple[int, ...]:
    """Look up the ids of a question; 0 stands for what is asked for."""
    mappings = (training.entity_to_id, training.relation_to_id, training.entity_to_id)
    kinds = ("entity", "relation", "entity")
    parts = zip(kinds, question, mappings, strict=True)
    return tuple(0 if label is None else look_up(kind, label, mapping) for kind, label, mapping in parts)


def _index(rows: Tensor, known: Sequence[Tensor], target: Target) -> KnownAnswers:
    if target != LABEL_RELATION:
        return KnownAnswers.of(rows, known, target)
    # relations in the place of tails
    order = [0, 2, 1]
    return KnownAnswers.of(rows[:, order], [part[:, order] for part in known], LABEL_TAIL)


def _score(model: Model, batch: Tensor, target: Target) -> Tensor:
    scores = model.predict(batch, target=target)
    check_no_nan(scores)
    # the relations of the files: each is followed by its inverse
    return scores[:, ::2] if target == LABEL_RELATION and model.use_inverse_triples else scores


def _best(scores: Tensor, is_known: Tensor, top: int, known: Known) -> tuple[Tensor, Tensor, Tensor]:
    """Find ids and scores of the best answers, and whether they are known; shape of each: ``(batch_size, top)``."""
    if known == "drop":
        scores = scores.masked_fill(is_known, float("-inf"))
    values, ids = scores.topk(top, dim=1)
    return ids, values, is_known.gather(1, ids)


def _make_rows(
    batch: Tensor, target: Target, numbers: Sequence[int], ids: Tensor, values: Tensor, is_known: Tensor
) -> dict[str, Any]:
    rows = batch[:, None, :].repeat(1, ids.shape[1], 1)
    rows[:, :, TARGET_TO_INDEX[target]] = ids
    rank = torch.arange(1, 1 + ids.shape[1]).expand(len(batch), -1)
    question = torch.as_tensor(numbers)[:, None].expand_as(rank)
    columns = {"question": question, "rank": rank, "score": values, "known": is_known}
    columns |= dict(zip(NAMES, rows.unbind(dim=-1), strict=True))
    kept = values > float("-inf")  # all others are left out
    return {name: column.to(kept.device)[kept].cpu().numpy() for name, column in columns.items()}


def _make_table(parts: Sequence[dict[str, Any]], training: TriplesFactory) -> pd.DataFrame:
    names = ("question", *NAMES, "rank", "score", "known")
    table = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) if parts else [] for name in names})
    for name, labels in zip(NAMES, (training.entity_id_to_label, training.relation_id_to_label) * 2, strict=False):
        table[name] = [labels[i] for i in table[name].tolist()]
    return table.sort_values(["question", "rank"], ignore_index=True)
