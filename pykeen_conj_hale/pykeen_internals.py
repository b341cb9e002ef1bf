"""All that this package uses of PyKEEN's private attributes, and one of PyTorch's: what a release could break.

Besides these functions, subclasses of PyKEEN's classes override, and call on ``super()``, these private methods:

- training loops: ``_train``, ``_train_epoch``, ``_forward_pass``, ``_process_batch``, ``_get_batch_size``,
  ``_create_training_data_loader``, ``_slice_size_search``, ``_save_state``, ``_load_state``; and they use the
  attribute ``_should_stop``
- models: ``_get_representations``, ``_get_entity_len``, ``_get_entity_representations_from_inductive_mode``; and
  ``__init__`` has the annotations that PyKEEN makes its command line from
- representations: ``_plain_forward``
- stoppers: ``_write_from_summary_dict``, and the attribute ``_stopper``
- losses: ``_raise_on_weights``
- interactions: the attribute ``_head_indices``
- datasets: ``_load``, ``_load_validation``, and the attributes ``_training``, ``_testing``, ``_validation`` and
  ``_create_inverse_triples``
- evaluators: ``_evaluate_on_device``
- triples factories: ``_from_path_binary``
- embeddings: ``_plain_forward``, and the attributes ``_embeddings`` and ``_shape``
- Lightning modules: ``_dataloader`` and ``_step``

Nothing else in this package has an underscore of PyKEEN's in it; a test holds that.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # for types only: the datasets use this module while PyKEEN's models may be half imported
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pykeen.datasets.base import RemoteDataset
    from pykeen.models import ERModel, Model
    from pykeen.nn.representation import Embedding, Representation
    from pykeen.training import TrainingLoop
    from pykeen.training.callbacks import MultiTrainingCallback
    from pykeen.triples import CoreTriplesFactory
    from pykeen.typing import InductiveMode
    from torch import Tensor, nn

__all__ = [
    "add_inverse_triples",
    "all_rows",
    "count_entities",
    "entity_representations",
    "forget_computed",
    "free_memory",
    "get_epoch",
    "get_random_seed",
    "is_asked_to_stop",
    "is_own_best_model_path",
    "is_plain_embedding",
    "let_callbacks_clip",
    "look_up_queries",
    "look_up_triples",
    "parameter_versions",
    "pipeline_evaluation_kwargs",
    "remote_paths",
    "set_epoch",
    "set_random_seed",
    "show_options",
    "some_rows",
    "unpack",
    "weight_of",
]


def show_options(init: Callable[..., None], options: Mapping[str, tuple[Any, Any]]) -> None:
    """Set what PyKEEN's command line sees of a model's ``__init__``: its signature and its annotations.

    :param init: the function; an option of the same name is replaced, further ones follow its own
    :param options: annotation and default by name
    """
    own = inspect.signature(init, eval_str=True)
    this, *further = own.parameters.values()
    variable = [p for p in further if p.kind is inspect.Parameter.VAR_KEYWORD]
    shown = {p.name: p for p in further if p not in variable}
    for name, (annotation, default) in options.items():
        shown[name] = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
    parameters = [this.replace(annotation=this.empty), *shown.values(), *variable]
    init.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    # no annotation of `**kwargs`, of which PyKEEN would make an option that cannot work
    init.__annotations__ = {name: p.annotation for name, p in shown.items() if p.annotation is not p.empty}


def look_up_triples(
    model: ERModel[Any, Any, Any], triples: Tensor, mode: InductiveMode | None = None
) -> tuple[Any, Any, Any]:
    """Look up the representations of triples, regularizers included.

    :param model: the model
    :param triples: shape: ``(num_triples, 3)``
    :param mode: the inductive mode, None for transductive training
    :return: the representation(s) of head, relation and tail
    """
    h, r, t = triples.unbind(dim=-1)
    return model._get_representations(h=h, r=r, t=t, mode=mode)


def look_up_queries(model: ERModel[Any, Any, Any], heads: Tensor, relations: Tensor) -> tuple[Any, Any]:
    """Look up the representations of heads and relations.

    :param model: the model
    :param heads: shape: ``(n,)``, ids
    :param relations: shape: ``(n,)``, ids with those of inverse relations
    :return: the representation(s) of heads, and of relations
    """
    h, r, _ = model._get_representations(h=heads, r=relations, t=heads, mode=None)
    return h, r


def entity_representations(
    model: ERModel[Any, Any, Any], mode: InductiveMode | None = None
) -> Sequence[Representation]:
    """Get the representations of entities.

    :param model: the model
    :param mode: the inductive mode, None for transductive training
    :return: the representations
    """
    return model._get_entity_representations_from_inductive_mode(mode=mode)


def count_entities(model: Model, mode: InductiveMode | None = None) -> int:
    """Get the number of entities.

    :param model: the model
    :param mode: the inductive mode, None for transductive training
    :return: the number
    """
    number: int = model._get_entity_len(mode=mode)
    return number


def all_rows(representation: Representation, *, dropout: bool = True) -> Tensor:
    """Look up all rows without regularizing them: the regularizer is for a batch's own rows.

    :param representation: the representation
    :param dropout: whether the representation's dropout is applied, if there is one
    :return: shape: ``(max_id, *shape)``
    """
    return some_rows(representation, None, dropout=dropout)


def some_rows(representation: Representation, ids: Tensor | None, *, dropout: bool = True) -> Tensor:
    """Look up rows without regularizing them.

    :param representation: the representation
    :param ids: shape: ``(n,)``, the ids of the rows; None for all
    :param dropout: whether the representation's dropout is applied, if there is one
    :return: shape: ``(n, *shape)``
    """
    x = representation._plain_forward(indices=ids)
    if representation.normalizer is not None:
        x = representation.normalizer(x)
    return x if representation.dropout is None or not dropout else representation.dropout(x)


def weight_of(embedding: Embedding) -> nn.Embedding:
    """Get PyTorch's module behind an embedding; its rows are real, of complex numbers the pairs, and flat.

    :param embedding: the embedding
    :return: the module, with the parameter ``weight``
    """
    return embedding._embeddings


def parameter_versions(module: nn.Module) -> tuple[tuple[int, int], ...]:
    """Tell in which state the parameters of a module are, without reading their values.

    :param module: the module
    :return: for each parameter its place in the memory, and how often it was changed there
    """
    return tuple((parameter.data_ptr(), parameter._version) for parameter in module.parameters())


def is_plain_embedding(representation: Representation) -> bool:
    """Tell whether a representation is a plain embedding, whose rows are vectors of their own.

    :param representation: the representation
    :return: whether it is a plain embedding
    """
    from pykeen.nn.representation import Embedding

    return isinstance(representation, Embedding) and type(representation)._plain_forward is Embedding._plain_forward


def add_inverse_triples(triples_factory: CoreTriplesFactory, triples: Tensor) -> Tensor:
    """Map triples to the ids of a factory, with the inverse ones after them if it creates those.

    :param triples_factory: the factory
    :param triples: shape: ``(num_triples, 3)``, with ids of relations as in the files
    :return: shape: ``(num_triples, 3)``, or twice as many
    """
    return triples_factory._add_inverse_triples_if_necessary(triples)


def free_memory(model: Model) -> None:
    """Let go of what an evaluation left: on the device, and in the model, which a training step must not use.

    :param model: the model
    """
    model._free_graph_and_cache()  # type: ignore[no-untyped-call]
    forget_computed(model)


def forget_computed(model: Model) -> None:
    """Let a model forget what it has computed of its parameters, as RGCN and CompGCN keep their entities for a step.

    What an evaluation has computed has no gradient, and no dropout. Constraints are left out: they hold after each
    step, and once more they would change the last bits of parameters.

    :param model: the model
    """
    constrained = [(x, x.constrainer) for x in model.modules() if getattr(x, "constrainer", None) is not None]
    for module, _ in constrained:
        module.constrainer = None  # type: ignore[assignment]
    try:
        model.post_parameter_update()
    finally:
        for module, constrainer in constrained:
            module.constrainer = constrainer


def get_epoch(loop: TrainingLoop[Any]) -> int:
    """Get the number of the last epoch that a training loop has noted as done.

    :param loop: the loop
    :return: the number
    """
    return loop._epoch


def set_epoch(loop: TrainingLoop[Any], epoch: int) -> None:
    """Set the number of the last epoch that is done; training goes on with the next one.

    :param loop: the loop
    :param epoch: the number
    """
    loop._epoch = epoch


def is_asked_to_stop(loop: TrainingLoop[Any]) -> bool:
    """Tell whether a training loop is to stop after the current epoch, for example because a callback asked for it.

    :param loop: the loop
    :return: whether it is
    """
    return loop._should_stop


def get_random_seed(model: Model) -> int | None:
    """Get the seed which a model was made with.

    :param model: the model
    :return: the seed
    """
    return model._random_seed


def set_random_seed(model: Model, seed: int | None) -> None:
    """Set the seed with which a model resets its parameters.

    :param model: the model
    :param seed: the seed
    """
    model._random_seed = seed


def is_own_best_model_path(path: Path) -> bool:
    """Tell whether PyKEEN has made up the file of an early stopper's best model, so that no other process has it.

    :param path: the file
    :return: whether it has
    """
    from pykeen.constants import PYKEEN_CHECKPOINTS

    return path.parent == PYKEEN_CHECKPOINTS and path.name.startswith("best-model-weights-")


def pipeline_evaluation_kwargs() -> Mapping[str, Any]:
    """Get the ``evaluation_kwargs`` of the pipeline that is making a stopper, to which it hands their batch size only.

    :return: the arguments; empty if the stopper is made by somebody else
    """
    # They are a local variable there: neither the tracker, the evaluator nor the loop gets to know them. Reading the
    # caller's frame changes nothing in PyKEEN; to replace its function would, for all who use it.
    from pykeen.pipeline.api import _handle_training

    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code is _handle_training.__code__:
            return dict(frame.f_locals["evaluation_kwargs"])
        frame = frame.f_back
    return {}


def let_callbacks_clip(callbacks: MultiTrainingCallback, loop: Any) -> None:
    """Introduce PyKEEN's callbacks that clip gradients to their loop, which PyKEEN forgets.

    :param callbacks: all callbacks of the training
    :param loop: the training loop, or what stands for it: its ``model.get_grad_params()`` is all they ask for
    """
    from pykeen.training.callbacks import OptimizerTrainingCallback

    for callback in callbacks.callbacks:
        if isinstance(callback, OptimizerTrainingCallback):
            for clipping in callback.pre_step_callbacks:
                clipping.register_training_loop(loop)


def remote_paths(dataset: RemoteDataset) -> Sequence[Path]:
    """Get the paths of the files which a downloaded archive is unpacked to.

    :param dataset: the dataset
    :return: the paths
    """
    return dataset._get_paths()


def unpack(dataset: RemoteDataset) -> None:
    """Download the archive of a dataset, and unpack it.

    :param dataset: the dataset
    """
    dataset._extract(dataset._get_bytes())
