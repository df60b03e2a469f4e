"""``tfuq export``: a version's folder, whole or not at all, and beside it what TensorFlow Serving is started with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import jinja2
import tensorflow as tf

from tfuq.config import Config
from tfuq.data.ownership import require_replaceable
from tfuq.data.records import record
from tfuq.data.writers import whole_folder, write_bytes, write_json, write_text
from tfuq.errors import RunError, TfuqError
from tfuq.locks import exclusive
from tfuq.posterior import samples_of
from tfuq.prediction import Predictor, Request, make_predictor
from tfuq.runs import Run, create
from tfuq.serving.description import NAME, RUN, Export, read_export, versions_in
from tfuq.serving.graph import ServedNetwork
from tfuq.serving.messages import impulse, predict_request, warm_up_record
from tfuq.serving.steps import client_steps, graph_steps
from tfuq.version import __version__

_PAGES = {
    "README.md": "README.md.j2",
    "models.config": "models.config.j2",
    "batching_parameters.config": "batching_parameters.config.j2",
}


def export(run: Run, request: Request, folder: Path, max_samples: int) -> Path:
    """Write the next version of ``folder`` and say where it is; no request will draw more than ``max_samples`` of it.

    Raises:
        RunError: the run cannot serve the method, or the folder is something else.
    """
    _check(folder)
    predictor = make_predictor(run, request)
    network = ServedNetwork(predictor, _most(predictor, max_samples))
    with exclusive(folder, "exporting into"):
        versions = versions_in(folder)
        version = folder / str(max(versions, default=0) + 1)
        with whole_folder(version, "version of an export") as part:
            described = _save(network, predictor, part, folder)
            if versions:
                _check_successor(folder / str(versions[-1]), described)
            _write_pages(folder, described)
    return version


def _most(predictor: Predictor, asked: int) -> int:
    """Samples that a request may draw: no more than the method has."""
    if asked == 1 and predictor.samples > 1:
        raise RunError(
            f"--max-samples 1: {predictor.request.method} needs at least 2, as its measures compare samples; use deterministic for one"
        )
    return samples_of(predictor.request.method, members=len(predictor.networks), asked=asked)


def _check(folder: Path) -> None:
    if not re.fullmatch(NAME, folder.name) or folder.name.isdecimal():
        raise RunError(
            f"--to {folder}: '{folder.name}' is no name of a model; give saved_models/NAME of letters, digits, '.', '_' and '-', "
            "the version is added"
        )
    if folder.exists() and not folder.is_dir():
        raise RunError(f"--to {folder}: is a file; choose another name")
    for name in _PAGES:
        require_replaceable(folder / name)
    strange = [
        path.name
        for path in sorted(folder.glob("*"))
        if not (path.name in _PAGES or path.name.isdecimal() or path.name[0] == ".")
    ]
    if strange:
        raise RunError(f"--to {folder}: holds {strange[0]}, which is no export; choose another name, or move it away")


def _check_successor(newest: Path, described: Export) -> None:
    """A server moves its clients on to the newest version by itself."""
    if not described.serves_as(read_export(newest)):
        raise RunError(
            f"--to {newest.parent}: version {newest.name} is of another task, channels, patch or classes, and its clients would get this one; "
            "choose another name"
        )


def _save(network: ServedNetwork, predictor: Predictor, part: Path, folder: Path) -> Export:
    """Fill a version's folder."""
    root = tf.Module()
    root.weights = network.weights()
    signatures = {name: signature.get_concrete_function() for name, signature in network.signatures().items()}
    try:
        tf.saved_model.save(root, str(part), signatures=signatures)
        _write_warm_up(part, network, predictor, folder.name)
    except tf.errors.OpError as error:
        raise TfuqError(f"{folder}: cannot be written ({error.message}); free space or choose another place") from error
    _write_run(part / RUN, predictor)
    described = _describe(
        network, predictor, folder.name, {name: sorted(s.structured_outputs) for name, s in signatures.items()}
    )
    described.write(part)
    return described


def _write_warm_up(part: Path, network: ServedNetwork, predictor: Predictor, model: str) -> None:
    image = impulse([1, *predictor.config.network.patch_size, predictor.run.facts["channels"]])
    draws = {
        "seed": tf.make_tensor_proto([0, 0], tf.int32),
        "num_samples": tf.make_tensor_proto(min(2, network.most), tf.int32),
    }
    path = part / "assets.extra" / "tf_serving_warmup_requests"
    requests = [  # images_only draws many
        predict_request(model, name, {"image": image} | inputs)
        for name, inputs in (("serving_default", draws), ("prepared", draws), ("deterministic", {}))
    ]
    write_bytes(path, b"".join(record(warm_up_record(request)) for request in requests))


def _write_run(path: Path, predictor: Predictor) -> None:
    """What a client needs of the run: no weights, no cases."""
    run, statistics = predictor.run, predictor.run.statistics
    facts = {"channels": run.facts["channels"], "statistics": statistics and asdict(statistics)}
    created = create(path, run.config, {"train": [], "validation": [], "test": []}, facts)
    for index, digest in zip(predictor.used_members, predictor.manifest().weights_digest, strict=True):
        write_json(created.member(index) / "done", {"digest": digest})


def _describe(network: ServedNetwork, predictor: Predictor, name: str, signatures: dict[str, list[str]]) -> Export:
    config, manifest = predictor.config, predictor.manifest()
    return Export(
        format=1,
        name=name,
        task=config.task,
        method=manifest.method,
        members=len(predictor.networks),
        samples=network.samples,
        seed=manifest.seed,
        max_samples=network.most,
        image=f"float32 [N, {_axes(config)}, channels]",
        channels=predictor.run.facts["channels"],
        patch_size=list(config.network.patch_size),
        spacing=config.preprocessing.spacing,
        classes=config.data.classes,
        landmarks=config.data.landmarks,
        done_by_graph=graph_steps(config),
        left_to_client=client_steps(config),
        signatures=signatures,
        run=manifest.run,
        weights_digest=manifest.weights_digest,
        versions={"tfuq": __version__, "tensorflow": tf.__version__},
        missing_members=manifest.missing_members,
    )


def _axes(config: Config) -> str:
    if config.task != "segmentation":
        return "rows, columns"
    return ", ".join(axis for number, axis in enumerate("xyz") if number != config.preprocessing.slice_axis)


def _write_pages(folder: Path, described: Export) -> None:
    for name, template in _PAGES.items():
        write_text(folder / name, _render(template)(export=described, folder=folder))


def _render(template: str) -> Callable[..., str]:
    text = resources.files("tfuq.serving").joinpath(template).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False
    )
    return environment.from_string(text).render
