"""What the graph of an export would do, read from its file: nothing is loaded, and nothing is run.

A SavedModel is a program. Most operations only compute, but some read or write files, use the
network or call Python. tfuq's own exports hold such operations in two functions alone. One restores
the weights when the export is loaded. The other saves them, and nothing calls it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError
from tensorflow.core.framework.node_def_pb2 import NodeDef
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfuq.data.budget import require_memory
from tfuq.errors import RunError

PREDICT_METHOD = "tensorflow/serving/predict"
_GRAPH = "saved_model.pb"
_TAG = "serve"
_OTHER_GRAPHS = ("saved_model.cpb", "saved_model.pbtxt")  # which TensorFlow takes too
_INIT = ("__saved_model_init_op", "saved_model_main_op", "legacy_init_op")
_MEMORY_PER_BYTE = 20  # that a graph takes once it is parsed
_MOST_LISTED = 5
_BLOCK = 2**20  # bytes
_HAS_EFFECT = re.compile(
    r"""
      .*(File|Reader|Save|Restore|Checkpoint|Dataset|Iterator|Summary|LoadAndRemap|VocabRemapping).*
    | (EncodeProto|DecodeProto).*  # read descriptors of messages from files
    | .*(PyFunc|Py_Func|Python).*
    | Print.* | ImportEvent.* | Debug.* | Copy | CopyHost | StatsAggregator.*  # send what they see
    | .*(Send|Recv)([A-Z].*|) | Remote.* | .*Rpc.* | Collective.* | Nccl.* | .*(Infeed|Outfeed).*
    | .*TPU.* | WorkerHeartbeat | Abort | XlaCallModule | XlaCustomCall.* | XlaHostCompute.*
    """,
    re.VERBOSE,
)
_BY_NAME_ONLY = frozenset({"ShardedFilename", "ShardedFilespec"})  # make texts, touch no files
_RESTORES = frozenset({"RestoreV2"})
_SAVES = _RESTORES | {"SaveV2", "MergeV2Checkpoints"}


@dataclass(frozen=True, kw_only=True)
class Effect:
    """An operation that does more than compute.

    Attributes:
        operation: The kind of operation.
        when: What runs it, such as ``signature prepared``.
    """

    operation: str
    when: str

    def __str__(self) -> str:
        return f"{self.operation} ({self.when})"


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What an export holds.

    Attributes:
        signatures: Inputs and outputs of each signature in words, by its name.
        operations: How often each operation is in the graph.
        effects: Operations with side effects, without those of tfuq's own that restore and save the
            weights.
        digest: SHA-256 of the version's files with their names.
        size: Bytes of those files.
    """

    signatures: Mapping[str, str]
    operations: Mapping[str, int]
    effects: tuple[Effect, ...]
    digest: str
    size: int


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """What a server, or `tfuq.serving.loading`, runs of a graph.

    Attributes:
        when: Its name, such as ``signature prepared``.
        tensors: The tensors that it computes.
        allowed: Operations with side effects that it may need.
    """

    when: str
    tensors: list[str]
    allowed: frozenset[str] = frozenset()


def inspect_export(version: Path) -> Inspection:
    """Read what an export is, without running any of it.

    Args:
        version: The folder of a version.

    Raises:
        RunError: There is no SavedModel that can be read.
    """
    graph = _Graph(_read_graph(version))
    digest, size = _digest(version)
    return Inspection(
        signatures=graph.signatures(),
        operations=graph.operations(),
        effects=tuple(graph.effects()),
        digest=digest,
        size=size,
    )


def refuse_effects(version: Path, effects: Iterable[Effect] | None = None) -> None:
    """Refuse a graph that does more than compute and restore its weights.

    Args:
        version: The folder of a version.
        effects: The effects that `inspect_export` returned; None reads the graph.

    Raises:
        RunError: It does, or it cannot be read.
    """
    if effects is None:
        effects = _Graph(_read_graph(version)).effects()
    described = [str(effect) for effect in effects]
    if not described:
        return
    listed = ", ".join(described[:_MOST_LISTED])
    if len(described) > _MOST_LISTED:
        listed += f" and {len(described) - _MOST_LISTED} more"
    raise RunError(
        f"{version / _GRAPH}: has operations that do more than compute: {listed}; tfuq export "
        "writes none, so do not load it, and ask whoever made it"
    )


def _read_graph(version: Path) -> meta_graph_pb2.MetaGraphDef:
    """The graph that a server loads."""
    path = version / _GRAPH
    for name in _OTHER_GRAPHS:
        if (version / name).exists():
            raise RunError(f"{version / name}: is not what tfuq export writes; export again")
    try:
        require_memory([path.stat().st_size], _MEMORY_PER_BYTE, "bytes of a graph")
        model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise RunError(
            f"{version}: does not load as a SavedModel ({error}); export again"
        ) from error
    graphs = list(model.meta_graphs)
    if len(graphs) != 1 or _TAG not in graphs[0].meta_info_def.tags:
        raise RunError(
            f"{version}: does not load as a SavedModel (it has no single graph for {_TAG}); "
            "export again"
        )
    return graphs[0]


class _Graph:
    """A graph with its functions."""

    def __init__(self, meta: meta_graph_pb2.MetaGraphDef) -> None:
        self._meta = meta
        self._nodes = {node.name: node for node in meta.graph_def.node}
        # Kept, as a message makes a new object of a node each time that it is asked for one.
        self._functions: dict[str, list[NodeDef]] = {}
        for function in meta.graph_def.library.function:
            nodes = self._functions.setdefault(function.signature.name, [])
            nodes.extend(function.node_def)

    def signatures(self) -> dict[str, str]:
        """In words, by name."""
        described = {}
        for name, signature in sorted(self._meta.signature_def.items()):
            if signature.method_name == PREDICT_METHOD:
                inputs = ", ".join(sorted(signature.inputs))
                outputs = ", ".join(sorted(signature.outputs))
                described[name] = f"{inputs} → {outputs}"
        return described

    def operations(self) -> Counter[str]:
        """How often each is there."""
        nodes = self._all_nodes()
        return Counter(node.op for node in nodes if node.op not in self._functions)

    def effects(self) -> Iterator[Effect]:
        """Operations with side effects, by what runs them."""
        seen: set[int] = set()
        for entry in self._entries():
            nodes = self._reached(entry.tensors)
            seen.update(map(id, nodes))
            yield from _effects(nodes, entry.when, entry.allowed)
        unseen = [node for node in self._all_nodes() if id(node) not in seen]
        yield from _effects(unseen, "run by nothing", _SAVES)

    def _entries(self) -> Iterator[_Entry]:
        meta = self._meta
        for name, signature in sorted(meta.signature_def.items()):
            tensors = [info.name for info in signature.outputs.values()]
            yield _Entry(when=f"signature {name}", tensors=tensors)
        for name in _INIT:
            if name in meta.collection_def:
                operations = list(meta.collection_def[name].node_list.value)
                yield _Entry(when="start", tensors=operations)
        saver = meta.saver_def
        yield _Entry(when="restoring", tensors=[saver.restore_op_name], allowed=_RESTORES)
        yield _Entry(when="saving", tensors=[saver.save_tensor_name], allowed=_SAVES)

    def _all_nodes(self) -> list[NodeDef]:
        nodes = list(self._nodes.values())
        for of_function in self._functions.values():
            nodes += of_function
        return nodes

    def _reached(self, tensors: Iterable[str]) -> list[NodeDef]:
        """Nodes that these tensors need, with all nodes of the functions that those call."""
        nodes = self._needed(tensors)
        for name in self._called_by(nodes):
            nodes += self._functions[name]
        return nodes

    def _needed(self, tensors: Iterable[str]) -> list[NodeDef]:
        """Nodes of the graph itself that these tensors need."""
        needed: dict[str, NodeDef] = {}
        remaining = list(tensors)
        while remaining:
            name = remaining.pop().lstrip("^").partition(":")[0]
            node = self._nodes.get(name)
            if node is not None and name not in needed:
                needed[name] = node
                remaining += node.input
        return list(needed.values())

    def _called_by(self, nodes: Iterable[NodeDef]) -> list[str]:
        """Functions that the nodes call, with those that these call."""
        called: dict[str, None] = {}
        remaining = self._named_by(nodes)
        while remaining:
            name = remaining.pop()
            if name not in called:
                called[name] = None
                remaining += self._named_by(self._functions[name])
        return list(called)

    def _named_by(self, nodes: Iterable[NodeDef]) -> list[str]:
        """Functions that the nodes name."""
        names: list[str] = []
        for node in nodes:
            names.append(node.op)
            for value in node.attr.values():
                names.append(value.func.name)
                names += [function.name for function in value.list.func]
        return [name for name in names if name in self._functions]


def _effects(nodes: Iterable[NodeDef], when: str, allowed: frozenset[str]) -> Iterator[Effect]:
    operations = {node.op for node in nodes if _HAS_EFFECT.fullmatch(node.op)}
    for operation in sorted(operations - allowed - _BY_NAME_ONLY):
        yield Effect(operation=operation, when=when)


def _digest(version: Path) -> tuple[str, int]:
    """SHA-256 of all files by name, and their bytes; links are not followed."""
    digest = hashlib.sha256()
    size = 0
    for path in sorted(version.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RunError(
                f"{path}: is no regular file, which tfuq export did not write; remove it"
            )
        if path.is_file():
            with path.open("rb") as file:
                content = _sha256(file)
            name = path.relative_to(version).as_posix()
            digest.update(f"{name}\0{content}\n".encode())
            size += path.stat().st_size
    return digest.hexdigest(), size


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
