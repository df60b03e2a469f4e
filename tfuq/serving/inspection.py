"""What the graph of an export would do, read from its file: nothing is loaded, and nothing is run.

A SavedModel is a program. Most operations only compute, but some read or write files, use the network or call Python. tfuq's own
exports hold such operations in two functions alone: one that restores the weights when the export is loaded, and one that saves
them, which nothing calls.
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
from tensorflow.core.framework import node_def_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from tfuq.data.budget import require_memory
from tfuq.errors import RunError

PREDICT_METHOD = "tensorflow/serving/predict"
_GRAPH, _TAG = "saved_model.pb", "serve"
_OTHER_GRAPHS = ("saved_model.cpb", "saved_model.pbtxt")  # which TensorFlow takes too
_INIT = ("__saved_model_init_op", "saved_model_main_op", "legacy_init_op")
_MEMORY_PER_BYTE = 20  # that a graph takes once it is parsed
_MOST_SHOWN = 5
_HAS_EFFECT = re.compile(
    r"""
      .*(File|Reader|Save|Restore|Checkpoint|Dataset|Iterator|Summary|LoadAndRemap|VocabRemapping).*  # files
    | (EncodeProto|DecodeProto).*  # read descriptors of messages from files
    | .*(PyFunc|Py_Func|Python).*
    | Print.* | ImportEvent.* | Debug.* | Copy | CopyHost | StatsAggregator.*  # write, or send what they see
    | .*(Send|Recv)([A-Z].*|) | Remote.* | .*Rpc.* | Collective.* | Nccl.* | .*(Infeed|Outfeed).*
    | .*TPU.* | WorkerHeartbeat | Abort | XlaCallModule | XlaCustomCall.* | XlaHostCompute.*
    """,
    re.VERBOSE,
)
_BY_NAME_ONLY = frozenset({"ShardedFilename", "ShardedFilespec"})  # make texts, touch no files
_RESTORES = frozenset({"RestoreV2"})
_SAVES = _RESTORES | {"SaveV2", "MergeV2Checkpoints"}


@dataclass(frozen=True)
class Effect:
    """An operation that does more than compute; ``when``: what runs it, such as ``signature prepared``."""

    operation: str
    when: str

    def __str__(self) -> str:
        return f"{self.operation} ({self.when})"


@dataclass(frozen=True)
class Inspection:
    """What an export holds.

    Attributes:
        signatures: Inputs and outputs of each signature in words, by its name.
        operations: How often each operation is in the graph.
        effects: Operations with side effects, but for those of tfuq's own that restore and save the weights.
        digest: SHA-256 of the version's files, their names included.
        size: Bytes of those files.
    """

    signatures: Mapping[str, str]
    operations: Mapping[str, int]
    effects: tuple[Effect, ...]
    digest: str
    size: int


def inspect_export(version: Path) -> Inspection:
    """Read what an export is, without running any of it.

    Args:
        version: The folder of a version.

    Raises:
        RunError: no SavedModel that can be read.
    """
    graph = _Graph(_read_graph(version))
    digest, size = _digest(version)
    return Inspection(graph.signatures(), graph.operations(), tuple(graph.effects()), digest, size)


def refuse_effects(version: Path, effects: Iterable[Effect] | None = None) -> None:
    """Refuse a graph that does more than compute and restore its weights.

    Args:
        version: The folder of a version.
        effects: What `inspect_export` found; None to look.

    Raises:
        RunError: it does, or it cannot be read.
    """
    found = list(_Graph(_read_graph(version)).effects() if effects is None else effects)
    if found:
        shown = ", ".join(map(str, found[:_MOST_SHOWN]))
        more = f" and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        raise RunError(
            f"{version / _GRAPH}: has operations that do more than compute: {shown}{more}; tfuq export writes none, "
            "so do not load it, and ask whoever made it"
        )


def _read_graph(version: Path) -> meta_graph_pb2.MetaGraphDef:
    """The graph that a server loads."""
    path = version / _GRAPH
    others = [name for name in _OTHER_GRAPHS if (version / name).exists()]
    if others:
        raise RunError(f"{version / others[0]}: is not what tfuq export writes; export again")
    try:
        require_memory([path.stat().st_size], _MEMORY_PER_BYTE, "bytes of a graph")
        model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise RunError(f"{version}: does not load as a SavedModel ({error}); export again") from error
    graphs = [graph for graph in model.meta_graphs if _TAG in graph.meta_info_def.tags]
    if len(graphs) != 1 or len(model.meta_graphs) != 1:
        raise RunError(f"{version}: does not load as a SavedModel (it has no single graph for {_TAG}); export again")
    return graphs[0]


class _Graph:
    """A graph with its functions."""

    def __init__(self, meta: meta_graph_pb2.MetaGraphDef):
        self._meta = meta
        self._nodes = {node.name: node for node in meta.graph_def.node}
        # Kept, as a message makes a new object of a node each time that it is asked for one.
        self._functions: dict[str, list[node_def_pb2.NodeDef]] = {}
        for function in meta.graph_def.library.function:
            self._functions.setdefault(function.signature.name, []).extend(function.node_def)

    def signatures(self) -> dict[str, str]:
        """In words, by name."""
        served = {name: s for name, s in self._meta.signature_def.items() if s.method_name == PREDICT_METHOD}
        return {name: f"{', '.join(sorted(s.inputs))} → {', '.join(sorted(s.outputs))}" for name, s in sorted(served.items())}

    def operations(self) -> Counter:
        """How often each is there."""
        return Counter(node.op for node in self._all_nodes() if node.op not in self._functions)

    def effects(self) -> Iterator[Effect]:
        """Operations with side effects, by what runs them."""
        seen: set[int] = set()
        for when, roots, allowed in self._entries():
            reached = self._reached(roots)
            seen.update(map(id, reached))
            yield from _effects(reached, when, allowed)
        yield from _effects([node for node in self._all_nodes() if id(node) not in seen], "run by nothing", _SAVES)

    def _entries(self) -> Iterator[tuple[str, list[str], frozenset[str]]]:
        """What a server, or `tfuq.serving.loading`, runs: name, tensors, and which operations with effects it may hold."""
        meta = self._meta
        for name, signature in sorted(meta.signature_def.items()):
            tensors = [info.name for info in signature.outputs.values()]
            yield f"signature {name}", tensors, frozenset()
        for name in _INIT:
            if name in meta.collection_def:
                yield "start", list(meta.collection_def[name].node_list.value), frozenset()
        saver = meta.saver_def
        yield "restoring", [saver.restore_op_name], _RESTORES
        yield "saving", [saver.save_tensor_name], _SAVES

    def _all_nodes(self) -> list[node_def_pb2.NodeDef]:
        return [*self._nodes.values(), *(node for nodes in self._functions.values() for node in nodes)]

    def _reached(self, tensors: Iterable[str]) -> list[node_def_pb2.NodeDef]:
        """Nodes of the graph that these need, with all nodes of the functions that those call."""
        left, found, called = list(tensors), {}, {}
        while left:
            node = self._nodes.get(left.pop().lstrip("^").partition(":")[0])
            if node is not None and node.name not in found:
                found[node.name] = node
                left += node.input
        functions = [name for node in found.values() for name in self._called(node)]
        while functions:
            name = functions.pop()
            if name not in called:
                called[name] = self._functions[name]
                functions += [other for node in called[name] for other in self._called(node)]
        return [*found.values(), *(node for nodes in called.values() for node in nodes)]

    def _called(self, node: node_def_pb2.NodeDef) -> list[str]:
        """Functions that a node names."""
        names = [node.op]
        for value in node.attr.values():
            names += [value.func.name, *(function.name for function in value.list.func)]
        return [name for name in names if name in self._functions]


def _effects(nodes: Iterable[node_def_pb2.NodeDef], when: str, allowed: frozenset[str]) -> Iterator[Effect]:
    names = {node.op for node in nodes if _HAS_EFFECT.fullmatch(node.op)}
    return (Effect(name, when) for name in sorted(names - allowed - _BY_NAME_ONLY))


def _digest(version: Path) -> tuple[str, int]:
    """SHA-256 of all files by name, and their bytes; links are not followed."""
    whole, size = hashlib.sha256(), 0
    for path in sorted(version.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise RunError(f"{path}: is no regular file, which tfuq export did not write; remove it")
        if path.is_file():
            with path.open("rb") as file:
                content = _sha256(file)
            whole.update(f"{path.relative_to(version).as_posix()}\0{content}\n".encode())
            size += path.stat().st_size
    return whole.hexdigest(), size


def _sha256(file: BinaryIO) -> str:
    found = hashlib.sha256()
    while block := file.read(2**20):
        found.update(block)
    return found.hexdigest()
