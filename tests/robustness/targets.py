"""Everything that reads a file or a text, with whole ones to damage: the library's own readers, in moments and without TensorFlow."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import nibabel
import numpy as np
from hypothesis import strategies as st
from PIL import Image

from tests.robustness.mutations import damaged
from tests.robustness.values import CELLS, VALUES
from tests.support.fuzzing import FORMATS, intact_files, outcome, read_damaged
from tests.support.packed import WRITTEN
from tests.support.radiotherapy import ring, write_rtdose, write_rtstruct
from tfuq import config
from tfuq.config import with_label_values
from tfuq.data.archives import read_arrays
from tfuq.data.budget import parse_size
from tfuq.data.cases import Case, read_case_image, read_case_label, read_rater_labels
from tfuq.data.layouts import list_cases
from tfuq.data.ledger import LEDGER, read_ledger
from tfuq.data.locks import exclusive
from tfuq.data.ownership import OWNER, is_ours
from tfuq.data.perturbations import PERTURBATIONS, parse_severities
from tfuq.data.readers import read
from tfuq.data.readers.idx import read_idx
from tfuq.data.readers.landmarks import read_landmark_table, read_points
from tfuq.data.removal import remove_leftovers
from tfuq.data.sets.case_files import CaseFile
from tfuq.data.sets.prepared import CaseFacts, Examples, Prepared
from tfuq.data.volume import Volume
from tfuq.data.writers import write_text
from tfuq.errors import TfuqError
from tfuq.measures.sample_masks import STORED, StoredSamples, read_samples
from tfuq.runs.models import Card, Packed, Score, load_card
from tfuq.runs.provenance import source_commit
from tfuq.scoring.calibration import Bins
from tfuq.scoring.dose_constraints import parse_constraint
from tfuq.scoring.dose_quantities import parse_request
from tfuq.scoring.evaluation.dose_files import read_dose
from tfuq.scoring.evaluation.gathered import Gathered

Content = bytes | None  # None of a file that is gone


@dataclass(frozen=True)
class Target:
    """Something that reads files.

    Attributes:
        name: of the reader.
        files: whole contents by place.
        check: puts a damaged content in a file's place, has it read, and says ``read`` or ``refused``; any other end is an
            exception. It leaves things as they were.
        share: how many inputs it gets of some 50,000.
        damage: what may become of a content; None for the damage that the name of the file suggests.
        is_refused: whether whole files are refused, too.
    """

    name: str
    files: Mapping[str, bytes]
    check: Callable[[str, Content], str]
    share: int = 1450
    damage: Callable[[str, bytes], st.SearchStrategy[Content]] | None = None
    is_refused: bool = False

    def require_sound(self) -> None:
        """Make sure that whole files are read, as damage says nothing of a reader that refuses all."""
        for place, content in list(self.files.items())[:1]:
            assert self.check(place, content) == ("refused" if self.is_refused else "read"), (
                self.name
            )

    def drawn(self, data: st.DataObject) -> tuple[str, Content]:
        """A place and a damaged content."""
        place = data.draw(st.sampled_from(sorted(self.files)))
        return place, data.draw((self.damage or damaged)(place, self.files[place]))


def file_target(
    folder: Path, name: str, content: bytes, call: Callable[[Path], object], share: int = 1450
) -> Target:
    """A file of a folder of its own, which must hold nothing else after it was read."""
    home = folder / f"of {name.strip('.')}"
    home.mkdir(parents=True)

    def check(place: str, changed: Content) -> str:
        (home / place).write_bytes(changed or b"")
        result = outcome(lambda: call(home / place))
        assert [path.name for path in home.iterdir()] == [place]
        return result

    return Target(name, {name: content}, check, share)


def text_target(
    name: str, texts: list[str], call: Callable[[str], object], share: int = 600
) -> Target:
    """A text of the command line."""

    def check(place: str, changed: Content) -> str:
        return outcome(lambda: call((changed or b"").decode(errors="replace")))

    return Target(name, {text: text.encode() for text in texts}, check, share, _other_texts)


def _other_texts(place: str, content: bytes) -> st.SearchStrategy[Content]:
    head, sign, _ = content.decode().partition("=")
    values = st.sampled_from([*CELLS, *(str(value) for value in VALUES if len(str(value)) < 500)])
    values = st.one_of(
        values,
        st.text(max_size=40),
        st.recursive(st.sampled_from(["1", "a", "null"]), _nested, max_leaves=20),
    )
    changed = values.map(lambda value: f"{head}{sign}{value}" if sign else value)
    return st.one_of(
        changed.map(lambda text: text.encode(errors="replace")), damaged("text", content)
    )


def _nested(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")
    mapped = st.lists(st.tuples(inner, inner), max_size=3)
    return listed | mapped.map(
        lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
    )


def _idx(count: int = 3) -> bytes:
    return (
        struct.pack(">BBBBIII", 0, 0, 8, 3, count, 28, 28)
        + np.arange(count * 28 * 28, dtype=np.uint8).tobytes()
    )


def _arrays() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.arange(6.0).reshape(2, 3), b=np.arange(3))
    return buffer.getvalue()


def _cached_case() -> bytes:
    images = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    examples = Examples(images, np.ones((1, 1, 3, 4), np.uint8))
    prepared = Prepared(examples, CaseFacts(rows=1, channels=1, terms=(12,)))
    return _saved(lambda path: (CaseFile(path, "made of").write(prepared), path)[1])


def _read_cached(path: Path) -> None:
    """What is damaged counts as what is not there, and is refused here."""
    file = CaseFile(path, "made of")
    if file.facts() is None or file.examples(verify=True) is None:
        raise TfuqError("it is made anew")


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 3, (24, 20), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


_STUDY = b"""\
name: widths
config: quickstart
axes:
  width: {network.widths: [[4, 8], [8, 16]]}
  rate: {training.learning_rate: [0.1, 0.01]}
table: [dice, nll]
"""
_TABLE = b"file,label,part\na.png,cat,train\nb/c.png,dog,test\nd.png,,\n"
_POINTS = b"10,20\n30.5,40\n1,2\n"
_WIDE = b"file,X1,Y1,X2,Y2\na.png,1,2,3,4\nb.png,5,6,,\n"
_LONG = b"file,landmark,x,y,rater\na.png,root,1,2,A\na.png,tip,3,4.5,A\nb.png,root,5,6,B\n"
_LISTED = b'{"training": [{"image": "./i/a.nii.gz", "label": "./l/a.nii.gz"}], "labels": {"0": "rest", "1": "ball"}}'


def _saved(write: Callable[[Path], Path]) -> bytes:
    """What a function writes into a file."""
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder) / "file").read_bytes()


def _rtdose() -> bytes:
    dose = np.linspace(1, 60, 24).reshape(2, 3, 4)
    return _saved(lambda path: write_rtdose(path, dose, offsets=(0, 3)))


def _rtstruct() -> bytes:
    contours = [ring((4, 4), 2, plane, np.eye(4), points=12) for plane in (2, 3)]
    return _saved(lambda path: write_rtstruct(path, {"ball": contours, "other": []}))


def _read_structures(path: Path) -> None:
    """As a case's label; a file whose kind is damaged is no structure set, and refused as a label."""
    image = Volume(np.zeros((9, 8, 7, 1), np.float32), np.eye(4))
    label = read_case_label(Case("case", (), path, classes=("rest", "ball")), image, 2, None)
    assert set(np.unique(label.array)) <= {0, 1}


_OVERRIDES = (
    "training.epochs=5",
    "data.classes=[rest, ball]",
    "data.label_values={0: 0, 1-9: 1}",
    "network.level_dropout={1: 0.2}",
    "data.split={train: 3, validation: 1, test: 2}",
    "training.loss={name: dice}",
    "method=vi",
    "data.root=somewhere",
)


def _scored_slice() -> bytes:
    """What scoring leaves of a slice of two cases."""
    gathered = Gathered(averaged=1, empty=["a"])
    for case in ("a", "b"):
        gathered.cases.append({"case": case, "class": "all", "dice": 0.5, "hd95_mm": None})
        gathered.bins.append(Bins(np.array([1, 2]), np.array([0.3, 1.1]), np.array([0, 1])))
        p = np.array([[[0.9, 0.1], [0.6, 0.4]]] * 2)
        gathered.diversity.add(p, np.array([0, 0]), lambda label: 1.0, [0.25, 0.5])
    with tempfile.TemporaryDirectory() as folder:
        gathered.write(Path(folder) / "scored.json")
        return (Path(folder) / "scored.json").read_bytes()


def _card() -> bytes:
    """The whole card of a model."""
    test = Score(
        metric="dice",
        unit="1",
        better="higher",
        cases=2,
        value=0.8,
        value_before=0.8,
        method="mc-dropout",
        samples=4,
        command="tfuq score test",
    )
    packed = Packed(
        tfuq="0.1.0",
        made=date(2026, 11, 28),
        training_cases=3,
        parameters=1000,
        stored_as="float16",
        length="mm",
        test=test,
        checksum="0" * 64,
    )
    return Card(**WRITTEN, packed=packed).dump().encode()


_SHARES = {"seg.nii.gz": 600, ".nii.gz": 600}  # some of which hold a bomb, and take longer


def file_targets(folder: Path) -> list[Target]:
    """Readers of single files and of texts of the command line."""
    read_files = {
        "images-idx3-ubyte": (_idx(), read_idx),
        "images-idx3-ubyte.gz": (gzip.compress(_idx()), read_idx),
        "table.csv": (_TABLE, lambda path: list_cases("image-table", path.parent, table=path.name)),
        "points.txt": (_POINTS, lambda path: read_points(path, 3)),
        "landmarks.csv": (_WIDE, read_landmark_table),
        "long-landmarks.csv": (_LONG, read_landmark_table),
        "dataset.json": (_LISTED, lambda path: list_cases("decathlon", path.parent)),
        "study.yaml": (_STUDY, lambda path: config.load_study(str(path))),
        "config.yaml": (
            config.shipped()["quickstart"].read_bytes(),
            lambda path: config.load(str(path)),
        ),
        "card.yaml": (_card(), load_card),
        "run.yaml": (config.shipped()["mnist"].read_bytes(), config.load_resolved),
        "arrays.npz": (_arrays(), lambda path: read_arrays(path, path, "restore it")),
        "case.npy": (_cached_case(), _read_cached),
        "scored.json": (_scored_slice(), Gathered.read),
        "seg.nii.gz": (_label(), _read_labels),
        "mask.png": (_png(), read),
        "dose.dcm": (_rtdose(), lambda path: read_dose(path, [])),
        "structures.dcm": (_rtstruct(), _read_structures),
    }
    noise = PERTURBATIONS["noise"]
    base = config.load("quickstart")
    return [
        *(
            file_target(folder, name, content, call, _SHARES.get(name, 1450))
            for name, (content, call) in read_files.items()
        ),
        *(_image_target(folder, suffix) for suffix in FORMATS),
        _samples_target(folder / "samples"),
        _ledger_target(folder / "ledger"),
        _owner_target(folder / "owner"),
        _repository_target(folder / "repository"),
        text_target(
            "-o KEY=VALUE", list(_OVERRIDES), lambda text: config.load("quickstart", (text,)), 2000
        ),
        text_target(
            "--severity", ["0,0.1,0.5", "-90:90:40"], lambda text: parse_severities(text, noise)
        ),
        text_target("--at", ["D95", "V20Gy", "D0.03cc"], parse_request),
        text_target(
            "--constraint",
            ["V20<35%", "a: D95>=5.5Gy"],
            lambda text: parse_constraint(text, ["a", "b"]),
        ),
        text_target("--memory", ["4GB", "512M"], parse_size),
        text_target(
            "--label-values",
            ["{0: 0, 255: 1}", "{0: 0, 1-99: 1}"],
            lambda text: with_label_values(base, text),
        ),
    ]


def _image_target(folder: Path, suffix: str) -> Target:
    home = folder / f"image of {suffix.strip('.')}"
    home.mkdir(parents=True)

    def check(place: str, changed: Content) -> str:
        return outcome(lambda: read_damaged(home, suffix, changed or b""))

    return Target(
        f"image{suffix}", {suffix: intact_files()[suffix]}, check, _SHARES.get(suffix, 1450)
    )


def _label() -> bytes:
    array = np.random.default_rng(0).integers(0, 3, (9, 8, 7)).astype(np.uint8)
    return gzip.compress(nibabel.Nifti1Image(array, np.diag([1.0, 2, 3, 1])).to_bytes())


def _read_labels(path: Path) -> None:
    """As a case's label, and as that of each of two raters."""
    image = Volume(np.zeros((9, 8, 7, 1), np.float32), np.diag([1.0, 2, 3, 1]))
    values = {0: 0, 1: 1, "2-200": 2}
    label = read_case_label(Case("case", (), path), image, 3, values)
    assert set(np.unique(label.array)) <= {0, 1, 2}
    raters = read_rater_labels(
        Case("case", (), path, raters={"A": path, "B": path}), image, 3, values
    )
    assert set(np.unique(raters)) <= {0, 1, 2}


def _samples_target(home: Path) -> Target:
    home.mkdir(parents=True)
    grid = Volume(np.zeros((4, 4, 4), np.uint8), np.eye(4))
    StoredSamples(np.zeros((1, 3, 2, 8), np.uint8), None, grid).write(home)
    content = (home / STORED).read_bytes()

    def call() -> None:
        masks = read_samples(home, 3).of_classes([1, 2])
        assert masks.union().shape == (4, 4, 4)
        assert len(list(masks.unpacked())) >= 1

    def check(place: str, changed: Content) -> str:
        (home / place).write_bytes(changed or b"")
        return outcome(call)

    return Target(STORED, {STORED: content}, check)


def _ledger_target(home: Path) -> Target:
    """Whatever became of the list, a file of the user's stays as it is."""
    for name in ("a.csv", "b.csv"):
        write_text(home / name, "ours")
    (home / "b.csv").write_text("theirs")
    (home / ".a.csv.1.part").write_text("theirs")
    content = (
        home / LEDGER
    ).read_bytes() + b'{"part": ".c.csv.1.part", "host": "other", "pid": 1}\n{"whole": "case"}\n'

    def call() -> None:
        read_ledger(home)
        is_ours(home / "a.csv")
        remove_leftovers(home)
        write_text(home / "b.csv", "ours again")

    def check(place: str, changed: Content) -> str:
        (home / place).write_bytes(changed or b"")
        result = outcome(call)
        assert (home / "b.csv").read_text() == "theirs"
        assert (home / ".a.csv.1.part").read_text() == "theirs"
        return result

    return Target(LEDGER, {LEDGER: content}, check, is_refused=True)


def _owner_target(home: Path) -> Target:
    """Of a file system without locks: the file that names the process which holds a folder."""
    home.mkdir(parents=True)
    content = json.dumps({"host": "h", "pid": 1, "started": 2.5}).encode()

    def call() -> None:
        with exclusive(home, "writing"):
            pass

    def check(place: str, changed: Content) -> str:
        (home / place).write_bytes(changed or b"")
        return outcome(call)

    return Target(
        OWNER, {OWNER: content}, check, 300, lambda place, content: damaged("owner.json", content)
    )


def _repository_target(home: Path) -> Target:
    """Git's own files, of which the commit is read."""
    commit = b"0123456789abcdef0123456789abcdef01234567"
    files = {
        ".git/HEAD": b"ref: refs/heads/main\n",
        ".git/packed-refs": b"# pack-refs with: peeled\n" + commit + b" refs/heads/main\n",
        ".git/refs/heads/other": commit + b"\n",
        ".git/commondir": b".\n",
    }

    def check(place: str, changed: Content) -> str:
        shutil.rmtree(home, ignore_errors=True)
        for name, content in files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_bytes(content)
        (home / place).write_bytes(changed or b"")
        return outcome(lambda: source_commit(home))

    return Target("git", files, check, 600)


def image_case(path: Path) -> np.ndarray:
    """The image of a case of one file."""
    return read_case_image(Case("case", (path,))).array
