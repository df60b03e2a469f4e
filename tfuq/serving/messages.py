"""The messages of TensorFlow Serving that tfuq speaks, and the calls they are for.

They are as in ``tensorflow_serving/apis`` (model.proto, predict.proto, prediction_log.proto), field
by field. So an export and a client need nothing but TensorFlow, which brings protobuf and gRPC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from tensorflow.core.framework import tensor_pb2

_PACKAGE = "tfuq.serving"  # means nothing on the wire; Serving's own name is its own package's
_TENSOR = tensor_pb2.TensorProto.DESCRIPTOR
_TENSORS = "map of tensors"
# The name of a message → the name of a field → its number and type.
_FIELDS: dict[str, dict[str, tuple[int, str]]] = {
    "Version": {"value": (1, "int64")},
    "ModelSpec": {
        "name": (1, "string"),
        "version": (2, "Version"),
        "signature_name": (3, "string"),
    },
    "PredictRequest": {"model_spec": (1, "ModelSpec"), "inputs": (2, _TENSORS)},
    "PredictResponse": {"outputs": (1, _TENSORS), "model_spec": (2, "ModelSpec")},
    "PredictLog": {"request": (1, "PredictRequest")},
    "PredictionLog": {"predict_log": (6, "PredictLog")},
}
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {"int64": _Field.TYPE_INT64, "string": _Field.TYPE_STRING}
PREDICT = "/tensorflow.serving.PredictionService/Predict"


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="tfuq/serving.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[_TENSOR.file.name],
    )
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            if kind == _TENSORS:
                _add_map(message, field, number)
            else:
                _add(message, field, number, kind)
    return file


def _add(
    message: descriptor_pb2.DescriptorProto,
    name: str,
    number: int,
    kind: str,
) -> descriptor_pb2.FieldDescriptorProto:
    field = message.field.add(name=name, number=number, label=_Field.LABEL_OPTIONAL)
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
        return field
    field.type = _Field.TYPE_MESSAGE
    field.type_name = kind
    if not kind.startswith("."):
        field.type_name = f".{_PACKAGE}.{kind}"
    return field


def _add_map(message: descriptor_pb2.DescriptorProto, name: str, number: int) -> None:
    """A map is a repeated message of a key and a value."""
    entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
    entry.options.map_entry = True
    _add(entry, "key", 1, "string")
    _add(entry, "value", 2, f".{_TENSOR.full_name}")
    field = _add(message, name, number, f"{message.name}.{entry.name}")
    field.label = _Field.LABEL_REPEATED


_POOL = descriptor_pool.Default()
_POOL.Add(_file())


def _class(name: str) -> type[Any]:  # its fields are not known before it is made
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{_PACKAGE}.{name}"))


PredictRequest = _class("PredictRequest")
PredictResponse = _class("PredictResponse")
PredictionLog = _class("PredictionLog")


def predict_request(
    model: str,
    signature: str,
    inputs: Mapping[str, tensor_pb2.TensorProto],
    version: int | None = None,
) -> Message:
    """A request to run a signature of a model.

    Args:
        model: The name of the model.
        signature: The name of the signature.
        inputs: Tensors by name.
        version: The version of the model; None for the newest.
    """
    request: Any = PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for name, tensor in inputs.items():
        request.inputs[name].CopyFrom(tensor)
    return cast(Message, request)


def impulse(shape: Iterable[int]) -> tensor_pb2.TensorProto:
    """An image batch in a few bytes.

    The first pixel is 1 in every channel, all others are 0. The last value of a tensor that lists
    too few stands for the rest.

    Args:
        shape: ``[N, *S, C]``.
    """
    *space, channels = shape
    tensor = tf.make_tensor_proto([1.0] * channels + [0.0])
    values = tf.make_ndarray(tensor).tolist()
    tensor.tensor_content = b""
    tensor.float_val[:] = values
    tensor.tensor_shape.CopyFrom(tf.TensorShape([*space, channels]).as_proto())
    return tensor


def warm_up_record(request: Message) -> bytes:
    """A request as the server replays it before it takes others."""
    log = PredictionLog()
    log.predict_log.request.CopyFrom(request)
    content: bytes = log.SerializeToString()
    return content
