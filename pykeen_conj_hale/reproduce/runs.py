"""Run a cell by PyKEEN's pipeline, and write its results down."""

from __future__ import annotations

import logging
import platform
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import torch
from pykeen.models import ERModel
from pykeen.pipeline import PipelineResult, pipeline_from_config
from pykeen.stoppers import EarlyStopper
from pykeen.trackers import PythonResultTracker
from pykeen.triples import TriplesFactory
from pykeen.version import get_version

from .. import __version__
from ..datasets.cache import get_dataset_locked
from ..embeddings import export_embeddings
from ..messages import Once
from ..training import TimeBudgetMixin
from .cells import Cell
from .costs import measure_costs
from .epochs import EpochSeconds
from .interrupt import Interruption
from .results import ResultsFolder

__all__ = ["run_cell"]

logger = logging.getLogger(__name__)
_once = Once(logger)

#: Our names of metrics, and PyKEEN's
_METRICS: Final[Mapping[str, str]] = {
    "mrr": "both.realistic.inverse_harmonic_mean_rank",
    "hits@1": "both.realistic.hits_at_1",
    "hits@3": "both.realistic.hits_at_3",
    "hits@10": "both.realistic.hits_at_10",
}


def run_cell(
    cell: Cell,
    results: ResultsFolder,
    *,
    device: torch.device | None = None,
    embeddings: bool = True,
    use_tqdm: bool = True,
) -> dict[str, Any]:
    """Run a cell, and write its line; a run that fails or is interrupted has one, too.

    :param cell: the cell
    :param results: where to write the line
    :param device: the device; PyKEEN's choice by default
    :param embeddings: whether to write the embeddings of a finished run, too
    :param use_tqdm: whether to show a bar over the seconds of training
    :return: the line
    :raises KeyboardInterrupt: if it was interrupted; the line says so
    """
    tracker, epochs = PythonResultTracker(), EpochSeconds()
    line = _describe(cell)
    try:
        result = _train(cell, tracker, epochs, device, use_tqdm)
        outcome = _outcome(cell, result, tracker)
    except KeyboardInterrupt:
        results.append({**line, "status": "interrupted", "curve": _curve(tracker, epochs)})
        raise
    except Exception as error:
        logger.exception("%s failed", cell)
        line.update(status="failed", curve=_curve(tracker, epochs), error=f"{type(error).__name__}: {error}")
        results.append(line)
        return line
    line.update(status="finished", curve=_curve(tracker, epochs), **outcome)
    results.append(line)
    if embeddings:
        _export(results.embeddings_file(cell.key), result)
    return line


def _train(
    cell: Cell, tracker: PythonResultTracker, epochs: EpochSeconds, device: torch.device | None, use_tqdm: bool
) -> PipelineResult:
    """Train and test. What is added to the cell's configuration does not change the result."""
    configuration = cell.configuration()
    arguments = configuration["pipeline"]
    dataset = get_dataset_locked(arguments["dataset"], arguments.pop("dataset_kwargs"))
    bar = dict(leave=False, disable=None if use_tqdm else True)  # None: where there is no terminal
    interruption = Interruption()
    with interruption.listening(), tempfile.TemporaryDirectory(prefix="pykeen-conj-hale-") as folder:
        arguments.update(
            dataset=dataset,
            device=device,
            result_tracker=tracker,
            stopper_kwargs=dict(
                arguments["stopper_kwargs"], best_model_path=Path(folder) / "best-model.pt", use_tqdm=False
            ),
            training_kwargs=dict(
                arguments["training_kwargs"], use_tqdm=use_tqdm, tqdm_kwargs=bar, callbacks=[interruption, epochs]
            ),
            evaluation_kwargs=dict(use_tqdm=False),
            clear_optimizer=False,
        )
        return pipeline_from_config(configuration)


def _describe(cell: Cell) -> dict[str, Any]:
    """List what is known of a run before it begins."""
    return dict(
        version=__version__,
        status="begun",
        key=cell.key,
        **cell.facts,
        torch=torch.__version__,
        pykeen=get_version(),
        command=cell.command,
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        configuration=cell.configuration()["pipeline"],
    )


def _outcome(cell: Cell, result: PipelineResult, tracker: PythonResultTracker) -> dict[str, Any]:
    """List the results of a run."""
    loop, stopper = result.training_loop, result.stopper
    assert isinstance(loop, TimeBudgetMixin)
    assert isinstance(stopper, EarlyStopper)
    best = tracker.metrics[stopper.best_epoch]
    outcome = dict(
        test={name: round(result.get_metric(metric), 5) for name, metric in _METRICS.items()},
        validation={name: round(best[f"validation.{metric}"], 5) for name, metric in _METRICS.items()},
        parameters=result.model.num_parameters,
        triples_per_second=round(loop.triples_per_second, 1),
        steps=loop.num_steps,
        # of a time, one that was cut off is none
        epochs=len(result.losses) if cell.seconds is None else loop.epochs_done,
        stop_reason=loop.stop_reason,
        # PyTorch has its own number back by now
        hardware=_hardware(result.model.device, loop.threads.num or torch.get_num_threads()),
    )
    if cell.of.measures_costs:
        outcome["costs"] = measure_costs(result, cell.configuration()["pipeline"])
    return outcome


def _curve(tracker: PythonResultTracker, epochs: EpochSeconds) -> list[list[float]]:
    """Get the validation curve: seconds of training, MRR, Hits@10."""
    names = [f"validation.{_METRICS[name]}" for name in ("mrr", "hits@10")]
    points = []
    for number, metrics in tracker.metrics.items():
        # the timed stopper says the seconds; PyKEEN's own evaluates after epochs
        seconds = metrics.get("validation.seconds", epochs.seconds.get(number))
        if seconds is not None and metrics.keys() >= set(names):
            points.append([round(float(value), 5) for value in (seconds, *(metrics[name] for name in names))])
    return sorted(points)


def _hardware(device: torch.device, threads: int) -> dict[str, Any]:
    """Describe this machine."""
    return dict(
        machine=platform.machine(),
        processor=_processor(),
        threads=threads,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
    )


def _processor() -> str:
    """Get the processor's name, which Python knows on some systems only."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


def _export(path: Path, result: PipelineResult) -> None:
    """Write embeddings. The result is written already, so that a failure is only logged."""
    try:
        assert isinstance(result.model, ERModel)
        assert isinstance(result.training, TriplesFactory)
        export_embeddings(path, result.model, result.training)
    except ImportError as error:
        _once.warning("No embeddings are written, and so no picture of them: %s", str(error))
    except OSError:
        logger.exception("The embeddings could not be written to %s, so that there is no picture of them", path)
