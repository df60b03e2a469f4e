"""``tfuq serve-check``: an export, loaded as a server loads it, compared with ``tfuq predict``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq import runs
from tfuq.data.events import SILENT, ExportChecked, Observer
from tfuq.errors import RunError
from tfuq.runs import Run
from tfuq.runs.missing import without_members_text
from tfuq.serving.description import Export, open_export, read_export, version_folder
from tfuq.serving.endpoints import (
    Answer,
    ServedEndpoint,
    check_endpoints,
    endpoints_of,
    is_same,
)
from tfuq.serving.expected import expected_outputs
from tfuq.serving.inspection import Inspection, inspect_export, refuse_effects
from tfuq.serving.loading import LoadedExport
from tfuq.serving.reference import Reference, check_images, prepared_images
from tfuq.serving.transport import Arrays

SIGNATURES = ("serving_default", "images_only", "deterministic", "prepared")
_SEED = (3, 4)  # as no run has by itself
_MOST_MESSAGE = 160  # characters


def serve_check(
    folder: Path,
    *,
    server: str | None = None,
    rest: str | None = None,
    observer: Observer = SILENT,
) -> int:
    """Check a version of an export, and a server of it.

    Args:
        folder: The version's folder, or that of the export, whose newest version is checked.
        server: HOST:PORT of the server's gRPC; None checks no server.
        rest: HOST:PORT of the server's REST; None for the port after that of gRPC.
        observer: Is notified of each `ExportChecked`.

    Returns:
        How many outputs were compared with the run's.

    Raises:
        RunError: There is no export, or one that does not load, or numbers differ.
    """
    version = version_folder(folder)
    export, run = open_export(version)
    endpoints: dict[str, ServedEndpoint] = {}
    if server:
        endpoints = endpoints_of(export, version, server, rest)
    _require_signatures(version, export)
    with LoadedExport(version) as loaded:
        answers = _answers(version, export, run, loaded)
        _require_refusals(version, export, loaded)
        result = (
            f"{version}: {len(answers)} signatures run as the server runs them; "
            "wrong channels and NaN are refused"
        )
        observer.notify(ExportChecked(result=result))
        if export.missing_members:
            text = without_members_text(export.missing_members)
            observer.notify(ExportChecked(result=f"{version}: {text}"))
        compared = _compare(version, export, answers, observer)
        answer = answers["serving_default"]
        expected = expected_outputs(export, run.config, "serving_default", answer.inputs)
        check_endpoints(endpoints, answer, expected, observer)
    return compared


def _require_signatures(version: Path, export: Export) -> None:
    for name in SIGNATURES:
        if name not in export.signatures:
            raise RunError(
                f"{version}: has no signature {name}; export again with this version of tfuq"
            )


def inspect(folder: Path, *, observer: Observer = SILENT) -> Inspection:
    """Say what a version of an export holds; none of it is loaded or run.

    Args:
        folder: The version's folder, or that of the export, whose newest version is inspected.
        observer: Is notified of what it holds, an `ExportChecked` each.

    Raises:
        RunError: There is no export, or one whose graph does more than compute.
    """
    version = version_folder(folder)
    read_export(version)
    inspection = inspect_export(version)
    for result in _described(inspection):
        observer.notify(ExportChecked(result=result))
    refuse_effects(version, inspection.effects)
    return inspection


def _described(inspection: Inspection) -> Iterator[str]:
    for name, text in inspection.signatures.items():
        yield f"{name}: {text}"
    operations = sorted(inspection.operations.items())
    counts = ", ".join(f"{count} {operation}" for operation, count in operations)
    yield f"{sum(inspection.operations.values())} operations: {counts}"
    effects = ", ".join(map(str, inspection.effects)) or "none but restoring the weights"
    yield f"side effects: {effects}"
    yield f"SHA-256 {inspection.digest} ({inspection.size / 2**20:.1f} MB)"


def _requests(export: Export, run: Run) -> dict[str, Arrays]:
    """A request for each signature, by the signature's name."""
    images = check_images(run)
    samples = min(export.max_samples, export.members + 1)
    sampled = {
        "seed": np.array(_SEED, np.int32),
        "num_samples": np.array(samples, np.int32),
    }
    return {
        "serving_default": {"image": images, **sampled},
        "images_only": {"image": images[:1]},
        "deterministic": {"image": images},
        "prepared": {"image": prepared_images(run, images), **sampled},
    }


def _answers(version: Path, export: Export, run: Run, loaded: LoadedExport) -> dict[str, Answer]:
    """Answers by signature."""
    answers = {}
    for name, inputs in _requests(export, run).items():
        outputs = _outputs(version, loaded, name, inputs)
        names = sorted(outputs)
        if names != export.signatures[name]:
            raise RunError(
                f"{version}: {name} answers {', '.join(names)}; "
                "the description says otherwise: export again"
            )
        answers[name] = Answer(inputs=inputs, outputs=outputs)
    return answers


def _outputs(version: Path, loaded: LoadedExport, signature: str, inputs: Arrays) -> Arrays:
    try:
        return loaded.call(signature, inputs)
    except (tf.errors.OpError, KeyError, ValueError) as error:
        message = " ".join(str(error).split())
        raise RunError(
            f"{version}: {signature} does not run ({message[:_MOST_MESSAGE]}); export again"
        ) from error


def _require_refusals(version: Path, export: Export, loaded: LoadedExport) -> None:
    """Check that the graph itself refuses images that no network should take.

    Raises:
        RunError: It takes one.
    """
    size = export.patch_size
    wrong_images = {
        "wrong channels": np.ones([1, *size, export.channels + 1]),
        "NaN": np.full([1, *size, export.channels], np.nan),
    }
    for problem, image in wrong_images.items():
        try:
            loaded.call("images_only", {"image": image})
        except tf.errors.InvalidArgumentError as error:
            if "image: " in error.message:
                continue
        raise RunError(f"{version}: takes an image of {problem} without a word; export again")


def _compare(
    version: Path,
    export: Export,
    answers: Mapping[str, Answer],
    observer: Observer,
) -> int:
    """Compare answers with the run's own; how many outputs."""
    path = Path(export.run)
    if not runs.is_run(path):
        result = f"tfuq predict: not compared, the run {path} is gone"
        observer.notify(ExportChecked(result=result))
        return 0
    reference = Reference(runs.open_run(path), export)
    compared = 0
    for name, answer in answers.items():
        for output, expected in reference.of(name, answer.inputs).items():
            _require_equal(f"{version}: {name}: {output}", answer.outputs[output], expected)
            compared += 1
    result = f"tfuq predict: all {compared} outputs are the same, bit for bit"
    observer.notify(ExportChecked(result=result))
    return compared


def _require_equal(subject: str, served: np.ndarray, expected: np.ndarray) -> None:
    if is_same(served, expected):
        return
    if served.shape != expected.shape or served.dtype != expected.dtype:
        raise RunError(
            f"{subject} is {served.dtype} {served.shape}, tfuq predict has {expected.dtype} "
            f"{expected.shape}; export again"
        )
    differ = served != expected
    raise RunError(
        f"{subject} differs from tfuq predict in {int(differ.sum())} of {differ.size} numbers; "
        "export again, or check on the CPU that exported"
    )
