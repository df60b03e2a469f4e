"""``tfuq export``: a version's folder, whole or not at all, and what TensorFlow Serving needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib import resources
from pathlib import Path

import jinja2
import tensorflow as tf
from google.protobuf.message import Message

from tfuq.config import AFFINE, MEAN, Combine, Config, transforms_of
from tfuq.data.locks import exclusive
from tfuq.data.ownership import require_replaceable
from tfuq.data.records import record
from tfuq.data.writers import whole_folder, write_bytes, write_json, write_text
from tfuq.errors import RunError, TfuqError
from tfuq.prediction import AnyPredictor, Request, make_predictor
from tfuq.runs import Run, create
from tfuq.runs.provenance import tfuq_version
from tfuq.sampling.posterior import samples_of
from tfuq.serving.description import NAME, RUN, Export, read_export, versions_in
from tfuq.serving.graph import ServedNetwork
from tfuq.serving.messages import impulse, predict_request, warm_up_record
from tfuq.serving.steps import client_steps, graph_steps, is_whole_image
from tfuq.serving.tasks import SERVED

_PAGES = {
    "README.md": "README.md.j2",
    "models.config": "models.config.j2",
    "batching_parameters.config": "batching_parameters.config.j2",
}
_WARM_UP = Path("assets.extra") / "tf_serving_warmup_requests"
_WARM_UP_SAMPLES = 2


def export(run: Run, request: Request, folder: Path, max_samples: int) -> Path:
    """Write the next version of an export.

    Args:
        run: The run.
        request: The method, and the seed and the number of samples of the signature
            ``images_only``.
        folder: The folder of the export, which has the name of the model.
        max_samples: The number of samples that no request exceeds.

    Returns:
        The folder of the version.

    Raises:
        RunError: The run cannot serve the method, its transforms are rounded otherwise by a server,
            or the folder is something else.
    """
    _check(folder)
    _refuse_affine(request.method)
    _refuse_combination(request.combine)
    # Servers have other devices than the machine that exports, and most are built without XLA: they
    # would refuse a graph that is to be compiled.
    predictor = make_predictor(run, replace(request, with_xla=False))
    network = ServedNetwork(predictor, _most_samples(predictor, max_samples))
    with exclusive(folder, "exporting into"):
        versions = versions_in(folder)
        number = max(versions, default=0) + 1
        version = folder / str(number)
        with whole_folder(version, "version of an export") as unfinished:
            described = _save(network, predictor, unfinished, folder)
            if versions:
                _check_successor(folder / str(versions[-1]), described)
            _write_pages(folder, described)
    return version


def _refuse_combination(combine: Combine) -> None:
    """Refuse another combination than the mean, which servers do not compute.

    Raises:
        RunError: It is another.
    """
    if combine != MEAN:
        raise RunError(
            f"--combine {combine}: an export answers with the mean of its samples; "
            f"pass --combine {MEAN}"
        )


def _most_samples(predictor: AnyPredictor, asked: int) -> int:
    """How many samples a request may ask for: no more than the method has."""
    method = predictor.request.method
    if asked == 1 and predictor.samples > 1:
        raise RunError(
            f"--max-samples 1: {method} needs at least 2, as its measures compare samples; "
            "use deterministic for one"
        )
    return samples_of(method, members=len(predictor.networks), asked=asked)


def _refuse_affine(method: str) -> None:
    """Refuse to export what a server computes otherwise than ``tfuq predict`` in the last bits."""
    if AFFINE in transforms_of(method):
        raise RunError(
            f"{method}: a server rounds turned images otherwise than tfuq predict, by up to 1e-5, "
            "and an export has its very bits; export with --tta flips or --tta none"
        )


def _check(folder: Path) -> None:
    if not re.fullmatch(NAME, folder.name) or folder.name.isdecimal():
        raise RunError(
            f"--to {folder}: '{folder.name}' is no name of a model; give saved_models/NAME of "
            "letters, digits, '.', '_' and '-', the version is added"
        )
    if folder.exists() and not folder.is_dir():
        raise RunError(f"--to {folder}: is a file; choose another name")
    for name in _PAGES:
        require_replaceable(folder / name)
    for path in sorted(folder.glob("*")):
        if not _is_of_export(path.name):
            raise RunError(
                f"--to {folder}: holds {path.name}, which is no export; "
                "choose another name, or move it away"
            )


def _is_of_export(name: str) -> bool:
    return name in _PAGES or name.isdecimal() or name.startswith(".")


def _check_successor(newest: Path, described: Export) -> None:
    """A server moves its clients on to the newest version by itself."""
    if not described.serves_as(read_export(newest)):
        raise RunError(
            f"--to {newest.parent}: version {newest.name} is of another task, channels, patch or "
            "classes, and its clients would get this one; choose another name"
        )


def _save(network: ServedNetwork, predictor: AnyPredictor, version: Path, folder: Path) -> Export:
    """Fill a version's folder."""
    root = tf.Module()
    root.weights = network.weights()
    functions = {}
    outputs = {}
    for name, signature in network.signatures().items():
        functions[name] = signature.get_concrete_function()
        outputs[name] = sorted(functions[name].structured_outputs)
    try:
        tf.saved_model.save(root, str(version), signatures=functions)
        _write_warm_up(version, network, predictor, folder.name)
    except tf.errors.OpError as error:
        raise TfuqError(
            f"{folder}: cannot be written ({error.message}); free space or choose another place"
        ) from error
    _write_run(version / RUN, predictor)
    described = _describe(network, predictor, folder.name, outputs)
    described.write(version)
    return described


def _write_warm_up(
    version: Path, network: ServedNetwork, predictor: AnyPredictor, model: str
) -> None:
    requests = _warm_up_requests(network, predictor, model)
    records = [record(warm_up_record(request)) for request in requests]
    write_bytes(version / _WARM_UP, b"".join(records))


def _warm_up_requests(network: ServedNetwork, predictor: AnyPredictor, model: str) -> list[Message]:
    """Requests for all signatures but ``images_only``, which takes many samples."""
    channels = predictor.run.facts["channels"]
    image = impulse([1, *predictor.config.network.patch_size, channels])
    samples = min(_WARM_UP_SAMPLES, network.most)
    sampled = {
        "image": image,
        "seed": tf.make_tensor_proto([0, 0], tf.int32),
        "num_samples": tf.make_tensor_proto(samples, tf.int32),
    }
    return [
        predict_request(model, "serving_default", sampled),
        predict_request(model, "prepared", sampled),
        predict_request(model, "deterministic", {"image": image}),
    ]


def _write_run(path: Path, predictor: AnyPredictor) -> None:
    """What a client needs of the run: no weights, no cases."""
    run = predictor.run
    statistics = None
    if run.statistics:
        statistics = asdict(run.statistics)
    facts = {
        "channels": run.facts["channels"],
        "channel_names": run.channel_names or None,
        "statistics": statistics,
        "orientation": predictor.orientation,
    }
    no_cases: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    created = create(path, run.config, no_cases, facts)
    digests = predictor.manifest().weights_digest
    for index, digest in zip(predictor.used_members, digests, strict=True):
        write_json(created.member(index) / "done", {"digest": digest})


def _describe(
    network: ServedNetwork,
    predictor: AnyPredictor,
    name: str,
    signatures: dict[str, list[str]],
) -> Export:
    config = predictor.config
    manifest = predictor.manifest()
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
        versions={"tfuq": tfuq_version(), "tensorflow": tf.__version__},
        missing_members=manifest.missing_members,
        precision=manifest.precision,
        skip_empty=manifest.skip_empty,
    )


def _axes(config: Config) -> str:
    """The axes of an example, in words."""
    if is_whole_image(config):
        return "rows, columns"
    slice_axis = config.preprocessing.slice_axis
    return ", ".join(name for number, name in enumerate("xyz") if number != slice_axis)


def _write_pages(folder: Path, described: Export) -> None:
    words = SERVED[described.task].words(described)
    for name, template in _PAGES.items():
        render = _renderer(template)
        write_text(folder / name, render(export=described, folder=folder, words=words))


def _renderer(template: str) -> Callable[..., str]:
    text = resources.files("tfuq.serving").joinpath(template).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    return environment.from_string(text).render
