"""True and false replies of a server, made by NumPy alone, and servers that send them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from scipy.special import xlogy
from tensorflow_serving.apis import predict_pb2

from tfuq import runs
from tfuq.config import Config
from tfuq.data.writers import write_json
from tfuq.serving.description import RUN, Export

SAMPLES = 4
_MAPS = [
    "expected_entropy",
    "mutual_information",
    "predictive_entropy",
    "probability",
    "standard_deviation",
    "variation_ratio",
]
PREPARED = {
    "classification": sorted([*_MAPS, "votes"]),
    "segmentation": sorted([*_MAPS, "entropy_terms", "masks"]),
    "landmarks": ["landmarks"],
}


def make_export(folder: Path, config: Config) -> Export:
    """What a client needs of an export: its description and its run's, no graph."""
    facts = {"channels": 1, "statistics": None}
    run = runs.create(
        folder / "1" / RUN, config, {"train": [], "validation": [], "test": []}, facts
    )
    write_json(run.member(0) / "done", {"digest": "0" * 64})
    export = Export(
        format=1,
        name="model",
        task=config.task,
        method="mc-dropout",
        members=1,
        samples=SAMPLES,
        seed=0,
        max_samples=SAMPLES,
        image="",
        channels=1,
        patch_size=list(config.network.patch_size),
        spacing=None,
        classes=config.data.classes,
        landmarks=config.data.landmarks,
        done_by_graph=[],
        left_to_client=[],
        signatures={"prepared": PREPARED[config.task]},
        run=str(run.path),
        weights_digest=["0" * 64],
        versions={},
    )
    export.write(folder / "1")
    return export


def true_reply(config: Config, images: tuple[int, ...]) -> dict[str, np.ndarray]:
    """What a network of chance replies to images ``[N, *S, C]``."""
    rng = np.random.default_rng(0)
    if config.task == "landmarks":
        shape = (images[0], SAMPLES, len(config.data.landmarks))
        places = [rng.uniform(0, size - 1, shape) for size in (images[2], images[1])]
        return {"landmarks": np.stack([*places, rng.uniform(0, 1, shape)], -1).astype(np.float32)}
    classes = len(config.data.classes)
    space = images[1:-1] if config.task == "segmentation" else ()
    p = rng.dirichlet(np.full(classes, 0.5), (SAMPLES, images[0], *space)).astype(np.float32)
    mean, terms = p.mean(0), -xlogy(p, p).mean(0)
    chosen, label = p.argmax(-1), mean.argmax(-1)
    votes = np.stack([(chosen == k).mean(0) for k in range(classes)], -1).astype(np.float32)
    predictive = -xlogy(mean, mean).sum(-1)
    found = {
        "probability": mean,
        "predictive_entropy": predictive,
        "expected_entropy": terms.sum(-1),
        "mutual_information": np.maximum(predictive - terms.sum(-1), 0),
        "variation_ratio": 1 - votes.max(-1),
        "standard_deviation": np.take_along_axis(p.std(0), label[..., None], -1)[..., 0],
    }
    if config.task == "classification":
        return found | {"votes": votes}
    bits = np.stack([chosen == k for k in range(1, classes)], 2)  # [T, N, K-1, *S]
    bits = np.moveaxis(bits, 0, 1).reshape(images[0], SAMPLES, classes - 1, -1)
    return found | {"entropy_terms": terms, "masks": np.packbits(bits, -1, bitorder="little")}


def message(outputs: dict[str, np.ndarray]) -> predict_pb2.PredictResponse:
    """A reply by gRPC."""
    response = predict_pb2.PredictResponse()
    response.model_spec.name = "model"
    for name, values in outputs.items():
        response.outputs[name].CopyFrom(tf.make_tensor_proto(values))
    return response


Rng = np.random.Generator


def false_reply(outputs: dict[str, np.ndarray], rng: Rng) -> bytes:
    """A reply that is not quite the true one: its numbers, its tensors, or its bytes are changed."""
    kind = rng.integers(3)
    if kind == 0:
        return message(_with_numbers(outputs, rng)).SerializeToString()
    response = message(outputs)
    if kind == 1:
        _change_tensors(response, rng)
        return response.SerializeToString()
    return _with_bytes(response.SerializeToString(), rng)


def _with_numbers(outputs: dict[str, np.ndarray], rng: Rng) -> dict[str, np.ndarray]:
    changed = dict(outputs)
    name = _one_of(sorted(outputs), rng)
    values = outputs[name].copy()
    if rng.integers(2):
        place = rng.integers(values.size, size=rng.integers(1, 4))
        strange = [np.nan, np.inf, -np.inf, -1, 2, 1e30, -1e-3, 1 / 3, 255, 0]
        with np.errstate(invalid="ignore", over="ignore"):
            values.reshape(-1)[place] = np.array(_one_of(strange, rng)).astype(values.dtype)
    else:
        turns: list[Callable[[np.ndarray], np.ndarray]] = [
            lambda a: np.ascontiguousarray(np.swapaxes(a, -1, -2) if a.ndim > 1 else a[::-1]),
            lambda a: np.ascontiguousarray(np.moveaxis(a, 0, -1)),
            lambda a: np.ascontiguousarray(a[..., ::-1]),
            lambda a: a[:0],
            lambda a: np.concatenate([a, a]),
            lambda a: a.reshape(-1),
            lambda a: a * a.dtype.type(3),
            lambda a: -a,
            lambda a: a[None],
        ]
        values = _one_of(turns, rng)(values)
    return changed | {name: values}


def _change_tensors(response: predict_pb2.PredictResponse, rng: Rng) -> None:
    names = sorted(response.outputs)
    name, other = _one_of(names, rng), _one_of(names, rng)
    tensor = response.outputs[name]
    content = tensor.tensor_content

    def exchange() -> None:
        kept = response.outputs[other].SerializeToString()
        response.outputs[other].CopyFrom(tensor)
        response.outputs[name].ParseFromString(kept)

    def resize() -> None:
        huge = [0, -1, 7, 2**20, 2**42, 2**62]
        tensor.tensor_shape.dim[int(rng.integers(len(tensor.tensor_shape.dim)))].size = _one_of(
            huge, rng
        )

    def values(floats: int) -> None:
        tensor.tensor_content = b""
        tensor.float_val.extend([0.5] * floats)

    changes: list[Callable[[], object]] = [
        exchange,
        resize,
        lambda: response.outputs.pop(name),
        lambda: response.outputs["more\x1b[2J\n"].CopyFrom(tensor),
        lambda: setattr(tensor, "dtype", _one_of([0, 2, 3, 6, 7, 14, 19, 20, 21, 101], rng)),
        lambda: setattr(tensor, "tensor_content", content[: int(rng.integers(len(content) + 1))]),
        lambda: setattr(tensor, "tensor_content", content + b"\0" * 4),
        lambda: values(int(rng.integers(9))),
        lambda: tensor.tensor_shape.dim.add(size=1),
        lambda: tensor.tensor_shape.dim.pop(),
        lambda: setattr(tensor.tensor_shape, "unknown_rank", True),
        lambda: setattr(response.model_spec, "name", "another"),
        lambda: setattr(response.model_spec.version, "value", 9),
        lambda: response.outputs.clear(),
    ]
    _one_of(changes, rng)()


def _with_bytes(content: bytes, rng: Rng) -> bytes:
    kind, damaged = rng.integers(5), bytearray(content)
    if kind == 0:
        return content[: int(rng.integers(len(content)))]
    if kind == 1:
        return rng.bytes(int(rng.integers(1, 500)))
    if kind == 2:
        return content + rng.bytes(int(rng.integers(1, 500)))
    if kind == 3:
        return content * 100
    for place in rng.integers(len(damaged), size=rng.integers(1, 9)):
        damaged[place] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def _one_of(things: list, rng: Rng):
    return things[int(rng.integers(len(things)))]


@contextmanager
def grpc_server(reply: Callable[[tuple[int, ...]], bytes]) -> Iterator[str]:
    """A server whose every reply is the bytes that ``reply`` makes for the shape of the images; yields its address."""

    def answer(request: bytes, _context) -> bytes:
        image = predict_pb2.PredictRequest.FromString(request).inputs["image"]
        return reply(tuple(size.size for size in image.tensor_shape.dim))

    handler = grpc.method_handlers_generic_handler(
        "tensorflow.serving.PredictionService",
        {"Predict": grpc.unary_unary_rpc_method_handler(answer)},
    )
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_send_message_length", -1)])
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("localhost:0")
    server.start()
    try:
        yield f"localhost:{port}"
    finally:
        server.stop(None).wait()


@contextmanager
def socket_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that treats each connection as ``talk`` does; yields its address."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=_talk, args=(talk, connection), daemon=True).start()

    with socket.create_server(("localhost", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield f"localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def _talk(talk: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection:
        try:
            connection.recv(2**16)
            talk(connection)
        except OSError:
            return
