"""The .glb holds the motion and the head, as two libraries that are not ours read it back."""

import io
import json
import runpy
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import trimesh

from device.main import main
from generate.clip import Clip
from generate.facts import blank_facts, person_facts
from generate.motion.arkit_csv import companion, read_csv, write_csv
from generate.motion.head_glb import JOINTS, head_glb, morph_targets, quaternions
from generate.motion.style import Style, sample_style
from generate.motion.style_json import read_style, write_style
from generate.motion.taken import clip_motion, clip_person, take
from generate.people.child import Child
from generate.people.rotation import about, head_rotation
from generate.people.skin import look
from generate.spec import ARKIT, Motion, Person

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
PERSON = Person(age_years=6, face_seed=4, glasses="round")
KINDS = {5126: np.float32, 5125: np.uint32, 5123: np.uint16, 5121: np.uint8}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def some_motion(n=12, rate_hz=24.0):
    rng = np.random.default_rng(5)
    arkit = rng.uniform(0, 0.5, (n, 52)).astype(np.float32) * (rng.uniform(0, 1, (n, 52)) < 0.2)
    head = rng.normal(0, 12, (n, 3)).astype(np.float32)
    return Motion(rate_hz, arkit, head, rng.normal(0, 6, (n, 2)).astype(np.float32))


@pytest.fixture(scope="module")
def child():
    return Child(PERSON, detail=0.05)


@pytest.fixture(scope="module")
def made(child):
    motion = some_motion()
    data = head_glb(child, look(PERSON), motion, {"clip": "talk-7"})
    return motion, data, pygltflib.GLTF2.load_from_bytes(data)


def values(gltf, number):
    """Accessor `number` as (N, K), sparse ones filled in."""
    accessor, blob = gltf.accessors[number], gltf.binary_blob()

    def read(view, kind, count, width):
        start = gltf.bufferViews[view].byteOffset
        return np.frombuffer(blob, KINDS[kind], count * width, start).reshape(count, width)

    width = WIDTHS[accessor.type]
    if accessor.bufferView is not None:
        return read(accessor.bufferView, accessor.componentType, accessor.count, width)
    out = np.zeros((accessor.count, width), np.float32)
    if accessor.sparse is not None:
        sparse = accessor.sparse
        rows = read(sparse.indices.bufferView, sparse.indices.componentType, sparse.count, 1)[:, 0]
        out[rows] = read(sparse.values.bufferView, accessor.componentType, sparse.count, width)
    return out


def channel(gltf, node, path):
    animation = gltf.animations[0]
    for one in animation.channels:
        if gltf.nodes[one.target.node].name == node and one.target.path == path:
            sampler = animation.samplers[one.sampler]
            return values(gltf, sampler.input)[:, 0], values(gltf, sampler.output)
    raise AssertionError(f"no channel of {node} {path}")


def mesh(gltf, name):
    return next(m for m in gltf.meshes if m.name == name)


def test_morph_targets_have_the_names_and_the_moves_of_the_blendshapes(child, made):
    _, _, gltf = made
    face = mesh(gltf, "face")
    assert face.extras["targetNames"] == list(ARKIT)
    assert len(face.primitives) == 1 and len(face.primitives[0].targets) == len(ARKIT)
    moves = np.stack([values(gltf, t["POSITION"]) for t in face.primitives[0].targets])
    skin = child.topology.parts["skin"][0]
    assert np.array_equal(moves[:, : skin.stop], morph_targets(child)[:, skin])
    assert (np.linalg.norm(moves, axis=2).max(1) > 1e-3).sum() >= 44  # gaze moves the lids little


def test_weights_and_times_are_those_of_the_motion(made):
    motion, _, gltf = made
    times, weights = channel(gltf, "face", "weights")
    assert np.allclose(times, np.arange(len(motion)) / motion.rate_hz)
    assert np.array_equal(weights.reshape(len(motion), -1), motion.arkit)


def quaternion_matrix(q):
    return trimesh.transformations.quaternion_matrix(np.roll(q, 1))[:3, :3]


def test_the_neck_turns_the_head_and_the_eyes_follow_the_gaze(made):
    motion, _, gltf = made
    turns = [channel(gltf, name, "rotation")[1] for name in JOINTS[1:5]]
    eyes = channel(gltf, "leftEye", "rotation")[1]
    for frame in range(len(motion)):
        total = np.linalg.multi_dot([quaternion_matrix(t[frame]) for t in turns])
        assert np.allclose(total, head_rotation(*motion.head_deg[frame]), atol=1e-5)
        seen = quaternion_matrix(eyes[frame])
        assert np.allclose(seen, head_rotation(*motion.gaze_deg[frame]), atol=1e-5)


def test_quaternions_take_the_short_way():
    angles = np.arange(0, 720, 7.0)
    found = quaternions([head_rotation(a, 0.0) for a in angles])
    assert ((found[1:] * found[:-1]).sum(1) > 0.99).all()
    assert np.allclose(np.linalg.norm(found, axis=1), 1)


def test_a_reader_that_skins_and_morphs_gets_the_posed_child(child, made):
    """The lips' clinging and half-shut lids are not in the file; all else is."""
    motion, _, gltf = made
    face = mesh(gltf, "face").primitives[0]
    base = values(gltf, face.attributes.POSITION)
    moves = np.stack([values(gltf, t["POSITION"]) for t in face.targets])
    joints, weights = (
        values(gltf, face.attributes.JOINTS_0),
        values(gltf, face.attributes.WEIGHTS_0),
    )
    assert np.allclose(weights.sum(1), 1, atol=1e-6)
    inverse = values(gltf, gltf.skins[0].inverseBindMatrices).reshape(-1, 4, 4)
    centres = -inverse[:, 3, :3].astype(float)
    skin = child.topology.parts["skin"][0]
    for frame in (0, 7):
        at, bones = np.eye(4), [np.eye(4)]
        for i, name in enumerate(JOINTS[1:5], 1):
            q = channel(gltf, name, "rotation")[1][frame]
            at = at @ about(centres[i], quaternion_matrix(q))
            bones.append(at)
        points = base + np.tensordot(motion.arkit[frame], moves, 1)
        homogeneous = np.concatenate([points, np.ones((len(points), 1))], 1)
        turned = np.einsum("vj,vjab,vb->va", weights, np.array(bones)[joints], homogeneous)
        posed = child.pose(motion.arkit[frame], motion.head_deg[frame], motion.gaze_deg[frame])
        off_mm = np.linalg.norm(turned[skin, :3] - posed.points[skin], axis=1) * 1000
        assert np.median(off_mm) < 0.05 and np.percentile(off_mm, 95) < 1.0


def test_the_head_is_never_without_its_clothes(child, made):
    _, data, gltf = made
    worn = mesh(gltf, "worn")
    names = [gltf.materials[p.material].name for p in worn.primitives]
    cloth = worn.primitives[names.index("cloth")]
    span = child.topology.parts["cloth"]
    assert gltf.accessors[cloth.attributes.POSITION].count == span[0].stop - span[0].start
    assert gltf.accessors[cloth.indices].count == 3 * (span[1].stop - span[1].start)
    assert set(gltf.scenes[0].nodes) >= {
        gltf.nodes.index(n) for n in gltf.nodes if n.mesh is not None
    }
    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    assert sum(len(g.faces) for g in scene.geometry.values()) == sum(
        gltf.accessors[p.indices].count // 3 for m in gltf.meshes for p in m.primitives
    )
    size = scene.extents
    assert 0.15 < size[0] < 0.6 and 0.3 < size[1] < 0.8


def test_the_file_says_that_it_is_synthetic(made):
    _, _, gltf = made
    assert gltf.asset.version == "2.0" and gltf.asset.extras["synthetic"] is True
    assert gltf.asset.extras["clip"] == "talk-7" and gltf.asset.extras["rate_hz"] == 24


def test_only_heads_are_exported():
    class Upper:
        framing = "upper"

    with pytest.raises(ValueError, match="framing 'upper': want 'face'"):
        head_glb(Upper(), None, some_motion())


def test_a_capture_becomes_a_moving_head_from_the_command_line(tmp_path, capsys):
    take, out = tmp_path / "take.csv", tmp_path / "take.glb"
    write_csv(take, some_motion(60), synthetic=False)
    assert main(["motion", "export", str(take), "--out", str(out), "--age-years", "9"]) == 0
    gltf = pygltflib.GLTF2().load(str(out))
    assert len(channel(gltf, "face", "weights")[0]) == 60
    assert gltf.asset.extras["motion_synthetic"] is False
    assert "60 frames at 24 Hz" in capsys.readouterr().out


def test_a_child_with_its_hands_before_its_face_leaves_as_a_head(tmp_path):
    data, out = tmp_path / "talk", tmp_path / "h.glb"
    line = ["generate", "talk", "--clips", "1", "--max-s", "1", "--size-px", "64", "--fix"]
    assert main([*line, "held=two hands", "--engine", "loop", "--out", str(data)]) == 0
    assert main(["motion", "export", str(data), "--out", str(out)]) == 0
    assert pygltflib.GLTF2().load(str(out)).asset.extras["synthetic"] is True


def test_a_clip_gives_its_motion_and_its_person():
    motion, key = some_motion(5), "talk-00000003"
    labels = {"arkit": motion.arkit, "head_pose_deg": motion.head_deg, "gaze_deg": np.zeros((5, 2))}
    facts = blank_facts(9, key) | person_facts(PERSON) | {"rate_hz": 24.0, "n_frames": 5}
    facts = json.loads(json.dumps(facts))
    clip = Clip(key, facts, {name: array.astype(np.float32) for name, array in labels.items()})
    assert clip_person(clip) == PERSON
    found = clip_motion(clip)
    assert found.rate_hz == 24 and np.array_equal(found.arkit, motion.arkit)
    for head, gaze in zip(found.head_deg, found.gaze_deg, strict=True):
        ahead = head_rotation(*head) @ head_rotation(*gaze) @ [0, 0, 1]
        assert np.allclose(ahead, [0, 0, 1], atol=1e-4)


def test_clips_that_are_not_there_or_show_nobody_are_refused(tmp_path):
    words = CLIPS["words_data"](tmp_path / "words", 3)
    with pytest.raises(ValueError, match="clip 7 of .*: it has clips 0 to 2"):
        take(words, 7)
    with pytest.raises(ValueError, match="no face in it"):
        take(words, 0)


def test_import_writes_evenly_and_keeps_who_moved(tmp_path, capsys):
    take, out = tmp_path / "take.csv", tmp_path / "even.csv"
    write_csv(take, some_motion(60), synthetic=False)
    assert main(["motion", "import", str(take), "--out", str(out)]) == 0
    assert json.loads(companion(out).read_text())["synthetic"] is False
    assert np.array_equal(read_csv(out).motion.arkit, read_csv(take).motion.arkit)
    capsys.readouterr()


def test_a_style_is_fitted_written_and_put_on(tmp_path, capsys):
    take, style, out = (tmp_path / n for n in ("take.csv", "style.json", "out.csv"))
    write_csv(take, some_motion(120))
    assert main(["motion", "style", str(take), "--out", str(style)]) == 0
    assert "jaw" in capsys.readouterr().out and read_style(style).style != Style()
    assert main(["motion", "export", str(take), "--out", str(out), "--style", str(style)]) == 0
    assert not np.allclose(read_csv(out).motion.arkit, read_csv(take).motion.arkit)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('{"format": "x"}', "not a collodi.style file"),
        ('{"format": "collodi.style", "version": 1, "style": {"jow": 1}}', "unknown name 'jow'"),
        ('{"format": "collodi.style", "version": 1, "style": {"jaw": 9}}', "jaw 9 is outside"),
        ('{"format": "collodi.style", "version": 1, "bias": {"jawOpen": "a"}}', "not a number"),
    ],
)
def test_bad_styles_are_refused(tmp_path, text, said):
    path = tmp_path / "style.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=said):
        read_style(path)


def test_styles_come_back(tmp_path):
    from generate.motion.style import PersonalStyle

    person = PersonalStyle(sample_style(np.random.default_rng(1)), (0.25, *[0.0] * 50, -0.125))
    write_style(tmp_path / "s.json", person)
    found = read_style(tmp_path / "s.json")
    assert found.bias == person.bias
    assert found.style.jaw == pytest.approx(person.style.jaw, abs=1e-6)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "nowhere", "--out", "x.glb"], "no such file or folder"),
        (["export", "TAKE", "--out", "x.fbx"], "unknown format 'fbx'"),
        (["imprt", "TAKE"], "did you mean 'import'"),
        (["import", "TAKE", "--rate", "24"], "rate"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, capsys, words, said):
    take = tmp_path / "take.csv"
    write_csv(take, some_motion(60))
    assert main(["motion", *(w.replace("TAKE", str(take)) for w in words)]) == 2
    text = capsys.readouterr().err
    assert said in text and text.count("\n") == 1
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.parametrize("words", [[], ["export"], ["import"], ["style"]])
def test_help_has_examples(words, capsys):
    try:
        assert main(["motion", *words, "--help"]) == 0
    except SystemExit as stop:
        assert stop.code == 0
    assert "collodi motion" in capsys.readouterr().out
