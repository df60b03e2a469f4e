"""Exports of others: looked at without being run, and refused where their graph does more than compute."""

from dataclasses import replace

import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.conftest import assert_refused, task_settings
from tests.support.replies import make_export
from tfuq.errors import RunError
from tfuq.serving import inspection
from tfuq.serving.checking import SIGNATURES
from tfuq.serving.inspection import inspect_export, refuse_effects
from tfuq.serving.loading import LoadedExport


class Network(tf.Module):
    """One weight, and what is done beside the product."""

    def __init__(self, beside):
        super().__init__()
        self.weight, self._beside = tf.Variable(2.0), beside

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def __call__(self, image):
        with tf.control_dependencies(self._beside(image)):
            return {
                "product": tf.while_loop(
                    lambda x: tf.reduce_all(x < 9), lambda x: [x * self.weight], [image]
                )[0]
            }


@pytest.fixture
def export(tmp_path):
    """``export(beside)``: a version whose graph does something beside computing."""

    def make(beside=lambda image: []):
        described = make_export(tmp_path / "model", task_settings("classification", tmp_path))
        replace(described, signatures={name: [] for name in SIGNATURES}).write(
            tmp_path / "model" / "1"
        )
        network = Network(beside)
        tf.saved_model.save(
            network, str(tmp_path / "model" / "1"), signatures={"serving_default": network.__call__}
        )
        return tmp_path / "model" / "1"

    return make


def in_a_loop(image, target):
    """Hidden in the body of a loop, within a function."""

    @tf.function
    def body(x):
        tf.io.write_file(target, tf.strings.as_string(x[0]))
        return [x + 1]

    return [tf.while_loop(lambda x: tf.reduce_all(x < 9), lambda x: body(x), [image])[0]]


def save(image, target):
    return tf.raw_ops.SaveV2(
        prefix=target, tensor_names=["a"], shape_and_slices=[""], tensors=[image]
    )


def restore(image, target):
    return tf.raw_ops.RestoreV2(
        prefix="a", tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32]
    )[0]


# By name of the operation; each is given the image and a path.
EFFECTS = {
    "WriteFile": lambda image, target: tf.io.write_file(target, "gone"),
    "ReadFile": lambda image, target: tf.io.read_file("/etc/passwd"),
    "MatchingFiles": lambda image, target: tf.io.matching_files("/*"),
    "EagerPyFunc": lambda image, target: tf.py_function(lambda x: x, [image], tf.float32),
    "PyFunc": lambda image, target: tf.numpy_function(lambda x: x, [image], tf.float32),
    "PrintV2": lambda image, target: tf.print(image, output_stream=f"file://{target}"),
    "MergeV2Checkpoints": lambda image, target: tf.raw_ops.MergeV2Checkpoints(
        checkpoint_prefixes=["a"], destination_prefix=target
    ),
    "SaveV2": save,
    "RestoreV2": restore,
    "DecodeProtoV2": lambda image, target: tf.io.decode_proto(
        ["a"], "A", ["b"], [tf.int32], descriptor_source=target
    )[0],
}


@pytest.mark.parametrize("operation", EFFECTS)
def test_graphs_that_do_more_than_compute_are_refused_before_they_are_loaded(
    export, tfuq, tmp_path, operation
):
    version = export(lambda image: [EFFECTS[operation](image, str(tmp_path / "written"))])
    assert_refused(
        tfuq("serve-check", version.parent),
        f"{operation} (signature serving_default)",
        "do not load it",
    )
    looked = tfuq("serve-check", version.parent, "--inspect")
    assert_refused(looked, operation)
    assert f"side effects: {operation} (signature serving_default)" in looked.stdout
    assert not (tmp_path / "written").exists()


def test_what_is_hidden_in_a_loop_or_run_by_nothing_is_found(export, tmp_path):
    version = export(lambda image: in_a_loop(image, str(tmp_path / "written")))
    with pytest.raises(RunError, match=r"WriteFile \(signature serving_default\)"):
        LoadedExport(version)
    graph = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    del graph.meta_graphs[0].signature_def["serving_default"]
    (version / "saved_model.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(RunError, match=r"WriteFile \(run by nothing\)"):
        LoadedExport(version)
    assert not (tmp_path / "written").exists()


def test_what_runs_when_an_export_is_loaded_is_looked_at(export, tmp_path):
    version = export()
    graph = saved_model_pb2.SavedModel.FromString((version / "saved_model.pb").read_bytes())
    meta = graph.meta_graphs[0]
    with tf.Graph().as_default() as other:
        tf.raw_ops.WriteFile(filename=str(tmp_path / "written"), contents="gone", name="hostile")
    meta.graph_def.node.extend(other.as_graph_def().node)
    meta.saver_def.restore_op_name = "hostile"
    (version / "saved_model.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(RunError, match=r"WriteFile \(restoring\)"):
        LoadedExport(version)
    meta.saver_def.restore_op_name = ""
    meta.collection_def["legacy_init_op"].node_list.value.append("hostile")
    (version / "saved_model.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(RunError, match=r"WriteFile \(start\)"):
        LoadedExport(version)
    assert not (tmp_path / "written").exists()


def test_a_graph_that_computes_is_listed_and_loads(export, tfuq, monkeypatch):
    version = export()
    with LoadedExport(version) as loaded:
        assert loaded.call("serving_default", {"image": [3.0]})["product"].tolist() == [12.0]

    def run(*_, **__):
        raise AssertionError("something was run")

    monkeypatch.setattr(tf.compat.v1, "Session", run)
    monkeypatch.setattr(tf.compat.v1.saved_model, "load", run)
    result = tfuq("serve-check", version.parent, "--inspect")
    assert result.exit_code == 0, result.output
    assert "serving_default: image → product" in result.stdout
    assert "side effects: none but restoring the weights" in result.stdout
    assert "1 RestoreV2" in result.stdout
    digest = inspect_export(version).digest
    assert f"SHA-256 {digest}" in result.stdout
    (version / "assets").mkdir(exist_ok=True)
    (version / "assets" / "more").touch()
    assert inspect_export(version).digest != digest
    assert tfuq("serve-check", version.parent, "--inspect", "--server", "a:1").exit_code == 2


def test_graphs_that_cannot_be_read_are_refused(export, tfuq, monkeypatch):
    version = export()
    whole = (version / "saved_model.pb").read_bytes()
    for content in (b"", whole[:-9], b"\xff" * 99, whole + whole):
        (version / "saved_model.pb").write_bytes(content)
        assert_refused(
            tfuq("serve-check", version.parent, "--inspect"), "does not load as a SavedModel"
        )
    (version / "saved_model.pb").write_bytes(whole)
    monkeypatch.setattr(inspection, "_MEMORY_PER_BYTE", 2**40)
    assert_refused(
        tfuq("serve-check", version.parent, "--inspect"), "bytes of a graph take", "more than"
    )
    monkeypatch.undo()
    (version / "saved_model.cpb").write_bytes(b"")
    with pytest.raises(RunError, match=r"saved_model\.cpb: is not what tfuq export writes"):
        refuse_effects(version)


def test_operations_that_touch_files_or_call_python_are_told_from_those_that_compute():
    """A name of each kind."""
    for name in ("SqlDataset", "LMDBReader", "TextLineDataset", "InitializeTableFromTextFileV2", "WriteSummary", "AudioSummaryV2",
                 "SaveSlices", "Restore", "LoadAndRemapMatrix", "GenerateVocabRemapping", "RemoteCall", "CollectiveReduceV2",
                 "NcclAllReduce", "PyFuncStateless", "DebugIdentityV3", "CopyHost", "EncodeProto", "FileSystemSetConfiguration",
                 "OneShotIterator", "Send", "_Recv", "_HostSend", "TPUPartitionedCall", "Abort"):  # fmt: skip
        assert inspection._HAS_EFFECT.fullmatch(name), name
    for name in ("ReadVariableOp", "AssignVariableOp", "Conv2D", "TensorArrayWriteV3", "StatelessRandomNormalV2", "Exit", "Assert",
                 "StringFormat", "LogSoftmax", "CopyOp", "TensorListSetItem", "Fingerprint"):  # fmt: skip
        assert not inspection._HAS_EFFECT.fullmatch(name), name
