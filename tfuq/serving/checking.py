"""``tfuq serve-check``: an export, loaded as the server loads it, held against ``tfuq predict``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfuq import runs
from tfuq.errors import RunError
from tfuq.runs import Run
from tfuq.serving.client import Endpoint
from tfuq.serving.description import Export, open_export, read_export, version_folder
from tfuq.serving.expected import Expected, expected_outputs
from tfuq.serving.inspection import Inspection, inspect_export, refuse_effects
from tfuq.serving.loading import LoadedExport
from tfuq.serving.reference import Reference, check_images, prepared_images
from tfuq.serving.transport import Arrays, GrpcServer, RestServer

SIGNATURES = ("serving_default", "images_only", "deterministic", "prepared")
_DECIMALS = 1e-5  # of numbers between 0 and 1 that came as JSON
_SEED = (3, 4)  # as no run has by itself


def serve_check(folder: Path, say: Callable[[str], None], *, server: str | None = None, rest: str | None = None) -> int:
    """Check the newest version in ``folder``, or the version that it is, and a ``server`` of it (gRPC and ``rest``, HOST:PORT);
    ``say`` is told what was found. How many outputs were compared with the run's.

    Raises:
        RunError: no export, one that does not load, or numbers that differ.
    """
    version = version_folder(folder)
    export, run = open_export(version)
    endpoints = _endpoints(export, version, server, rest) if server else {}
    missing = [name for name in SIGNATURES if name not in export.signatures]
    if missing:
        raise RunError(f"{version}: has no signature {missing[0]}; export again with this version of tfuq")
    with LoadedExport(version) as loaded:
        answers = _answers(version, export, run, loaded)
        _require_refusals(version, export, loaded)
        say(f"{version}: {len(answers)} signatures run as the server runs them; wrong channels and NaN are refused")
        compared = _compare(version, export, answers, say)
        expected = expected_outputs(export, run.config, "serving_default", answers["serving_default"][0])
        _check_endpoints(endpoints, answers, expected, say)
    return compared


def inspect(folder: Path, say: Callable[[str], None]) -> Inspection:
    """Say what the newest version in ``folder``, or the version that it is, holds; none of it is loaded or run.

    Raises:
        RunError: no export, or one whose graph does more than compute; what it does was said before.
    """
    version = version_folder(folder)
    read_export(version)
    found = inspect_export(version)
    for name, text in found.signatures.items():
        say(f"{name}: {text}")
    say(f"{sum(found.operations.values())} operations: " + ", ".join(f"{n} {op}" for op, n in sorted(found.operations.items())))
    say("side effects: " + (", ".join(map(str, found.effects)) or "none but restoring the weights"))
    say(f"SHA-256 {found.digest} ({found.size / 2**20:.1f} MB)")
    refuse_effects(version, found.effects)
    return found


def _requests(export: Export, run: Run) -> dict[str, Arrays]:
    images = check_images(run)
    most = min(export.max_samples, export.members + 1)
    draws = {"seed": np.array(_SEED, np.int32), "num_samples": np.array(most, np.int32)}
    return {
        "serving_default": {"image": images} | draws,
        "images_only": {"image": images[:1]},
        "deterministic": {"image": images},
        "prepared": {"image": prepared_images(run, images)} | draws,
    }


def _answers(version: Path, export: Export, run: Run, loaded: LoadedExport) -> dict[str, tuple[Arrays, Arrays]]:
    """Request and answer, by signature."""
    found = {}
    for name, inputs in _requests(export, run).items():
        try:
            outputs = loaded.call(name, inputs)
        except (tf.errors.OpError, KeyError, ValueError) as error:
            raise RunError(f"{version}: {name} does not run ({' '.join(str(error).split())[:160]}); export again") from error
        if sorted(outputs) != export.signatures[name]:
            raise RunError(
                f"{version}: {name} answers {', '.join(sorted(outputs))}; the description says otherwise: export again"
            )
        found[name] = inputs, outputs
    return found


def _require_refusals(version: Path, export: Export, loaded: LoadedExport) -> None:
    """Images that no network should take are refused by the graph itself."""
    shape = [1, *export.patch_size, export.channels]
    for what, image in {"wrong channels": np.ones([*shape[:-1], export.channels + 1]), "NaN": np.full(shape, np.nan)}.items():
        try:
            loaded.call("images_only", {"image": image})
        except tf.errors.InvalidArgumentError as error:
            if "image: " in error.message:
                continue
        raise RunError(f"{version}: takes an image of {what} without a word; export again")


def _compare(version: Path, export: Export, answers: Mapping, say: Callable[[str], None]) -> int:
    """Hold answers against the run's own; how many outputs."""
    path = Path(export.run)
    if not runs.is_run(path):
        say(f"tfuq predict: not compared, the run {path} is gone")
        return 0
    reference, compared = Reference(runs.open_run(path), export), 0
    for name, (inputs, outputs) in answers.items():
        for output, expected in reference.of(name, inputs).items():
            _require_equal(f"{version}: {name}: {output}", outputs[output], expected)
            compared += 1
    say(f"tfuq predict: all {compared} outputs are the same, bit for bit")
    return compared


def _require_equal(what: str, served: np.ndarray, expected: np.ndarray) -> None:
    if _same(served, expected):
        return
    if served.shape != expected.shape or served.dtype != expected.dtype:
        raise RunError(
            f"{what} is {served.dtype} {served.shape}, tfuq predict has {expected.dtype} {expected.shape}; export again"
        )
    differ = served != expected
    raise RunError(
        f"{what} differs from tfuq predict in {int(differ.sum())} of {differ.size} numbers; export again, or check on the CPU that exported"
    )


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """To the bit; texts, which are objects, by their letters."""
    if one.dtype == object:
        return one.tolist() == other.tolist()
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def _endpoints(export: Export, version: Path, server: str, rest: str | None) -> dict[str, tuple[Endpoint, float]]:
    """By name, with how far its numbers may be off."""
    number = int(version.name) if version.name.isdecimal() else None
    rest = rest or _next_port(server)
    return {
        f"gRPC {server}": (GrpcServer(server, export.name, number), 0.0),
        f"REST {rest}": (RestServer(rest, export.name, number), _DECIMALS),
    }


def _next_port(server: str) -> str:
    """TensorFlow Serving's REST port is by custom the one after its gRPC's: 8500, 8501."""
    host, _, port = server.rpartition(":")
    if not host or not port.isdecimal():
        raise RunError(f"--server {server}: is no HOST:PORT, such as localhost:8500")
    return f"{host}:{int(port) + 1}"


def _check_endpoints(
    endpoints: Mapping[str, tuple[Endpoint, float]],
    answers: Mapping[str, tuple[Arrays, Arrays]],
    expected: Expected,
    say: Callable[[str], None],
) -> None:
    inputs, outputs = answers["serving_default"]
    for name, (endpoint, tolerance) in endpoints.items():
        found = endpoint.call("serving_default", inputs, expected)
        for output, wanted in outputs.items():
            if not _close(found[output], wanted, tolerance):
                raise RunError(
                    f"{name}: {output} is not what the export answers; serve this version of it, on a CPU as this one"
                )
        say(
            f"{name}: {len(outputs)} outputs of serving_default as expected{f' (to {tolerance:g})' if tolerance else ', bit for bit'}"
        )
    if not endpoints:
        say("server: skipped, no --server HOST:PORT")


def _close(found: np.ndarray, expected: np.ndarray, tolerance: float) -> bool:
    if not tolerance:
        return _same(found, expected)
    if expected.dtype == object:
        return found.tolist() == [text.decode() for text in expected.tolist()]
    return found.shape == expected.shape and np.allclose(found, expected, rtol=tolerance, atol=tolerance)
