"""MODEL_CARD.md of a bundle, from its manifest alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from device.bundle import Bundle, ModelFile
from export.to_c import c_name
from export.verify import strays
from generate.face_outputs import COLUMNS, PARTS

ACCURACY, STREAM, THRESHOLD = "## Accuracy", "## In a stream", "## When it is a face"

WHAT = {
    "kws": "Hears one second of speech and names one of its keywords, or says that there is none.",
    "voice": "Hears one second of sound and says whether somebody speaks, whether it is a child "
    "(under 13) or an adult, and which emotion the voice has.",
    "find": "Finds faces in a picture of a toy's camera: the square about each, which doubled is "
    "the crop that a face network wants. It sees grey, 160 x 120; other sizes are fitted in.",
    "talking": "Sees and hears 1.6 seconds and says whether the child in the picture is the one "
    "who speaks, and whether its head faces the toy; it answers for 180 ms ago.",
    "face": "Sees one face in a picture cropped around it: 68 landmarks (iBUG order) and how "
    "far each may be off, head pose, gaze, how far eyes and mouth are open, an expression code, "
    "expression, age band, and whether there is a face.",
}
LIMITS = {
    "kws": (
        "It knows the words listed above and no other; similar words can be taken for them.",
        "Distance, noise, accents and speech disorders that the synthetic voices do not have "
        "lower its accuracy; measure it on speakers of your own before you rely on it.",
        "It sees one second; something outside it has to decide when to listen.",
    ),
    "voice": (
        "It learned from synthesizers only: real children's voices vary more than theirs.",
        "Ages of 13 to 17 count as neither child nor adult. Emotion is how a synthetic voice acts "
        "it, in pitch, loudness and pace; it is no measure of what somebody feels.",
        "It sees one second; smooth its answers over several.",
    ),
    "find": (
        "Faces from about 12 px wide in its field to nearly all of it; backs of heads are none.",
        "Dark or backlit faces, strong turns, masks, and faces in pictures and screens are the "
        "first to go wrong. Errors can differ between skin tones and ages: measure on people of "
        "your own.",
        "It does not know who somebody is, and counts each picture anew: it follows nobody.",
    ),
    "talking": (
        "Square pictures of the lower face, 25 a second (device/backends/audiovisual.py, `Track`, "
        "makes them of the boxes of a face detector), and the sound of the same time: a delay of "
        "more than a picture between camera and microphone costs accuracy.",
        "Laughter, song and chewing are not among what it learned. A mouth that moves in time with "
        "another's speech, by chance or in play, is taken for its own.",
        "Spoken to the toy means both answers are above 0; where the eyes look it does not know.",
    ),
    "face": (
        "One face, cropped with its surroundings; it does not search a picture.",
        "Strong turns of the head, hands before the face, masks and low light are the first to go "
        "wrong. Errors can differ between skin tones and ages: measure on people of your own.",
        "Expression is how a synthetic face is posed and age how old it looks: neither says what "
        "somebody feels or how old they are. It does not know who somebody is.",
    ),
}
USE = (
    "Made for toys and teaching devices that react on the spot. Keep sound and pictures of "
    "children on the device, tell parents what is sensed, and let them switch it off.",
    "Not for identifying people, watching children, judging emotions, health or attention, nor "
    "for anything whose failure can hurt.",
)
METRICS = {
    "recall": "faces found",
    "accuracy": "accuracy",
    "speech": "speech or none (balanced accuracy)",
    "child": "child or adult (balanced accuracy)",
    "emotion": "emotion of the voice (balanced accuracy)",
    "speaking": "speaking pictures that are found",
    "silent": "pictures without its speech that are refused, mean over the kinds",
    "nme_68": "landmark error, 68 points, share of the distance between the outer eye corners",
    "nme_51": "landmark error, inner 51 points",
    "failure_10": "share of pictures with an error above 10 %",
    "pose_deg": "yaw, pitch and roll of the head",
    "gaze_deg": "gaze",
    "expression": "expression of 7",
    "age_band": "age band of 6",
    "adult": "adult or not",
    "present": "faces found",
}


def card(bundle: Bundle, not_run: Mapping[str, str]) -> str:
    """Text of the card; not_run is target -> reason of what was asked for and not made."""
    parts = [
        f"# {bundle.name}",
        WHAT[bundle.task],
        _draft(bundle),
        _facts(bundle),
        _outputs(bundle),
        f"## Files\n\n{_files(bundle, not_run)}",
        _accuracy(bundle),
        in_a_stream(bundle) if bundle.task == "kws" else "",
        threshold_of(bundle) if bundle.task == "find" else "",
        f"## Use in Python\n\n{_python(bundle)}",
        _c(bundle),
        "## Limits\n\n" + _bullets(LIMITS[bundle.task]),
        "## Responsible use\n\n" + _bullets(USE),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _draft(bundle: Bundle) -> str:
    names = ", ".join(f"`{entry.path}`" for entry in bundle.files if strays(entry))
    if not names:
        return ""
    return f"**Draft, not for use: {names} stray too far from the trained network.**"


def _facts(bundle: Bundle) -> str:
    labels = ", ".join(bundle.labels)
    if bundle.task == "face":
        labels = f"{len(bundle.labels)} values, see below"
    if bundle.task == "find":
        labels += " of each cell (docs/find.md)"
    stamp, quantized = bundle.created, bundle.quantization
    rows = [
        f"Outputs: {labels}",
        _trained_on(bundle),
        f"Front end: {bundle.front_end['name']} (parameters in manifest.json)",
        f"Licence: {bundle.licence}",
        f"Made: {stamp.created_utc} by Collodi {stamp.kit_version}",
    ]
    if quantized:
        digest = (quantized.calibration_sha256 or "")[:12]
        clips = f"{quantized.calibration_clips} clips, SHA-256 {digest}..."
        rows.append(f"int8: {quantized.method}; calibration {clips}")
    return _bullets(rows)


def _trained_on(bundle: Bundle) -> str:
    if bundle.pseudo_labels:
        return f"Trained on: **pseudo-labels, which are not exact**, told by {bundle.pseudo_labels}"
    return "Trained on: synthetic people only; no recording or picture of a real person"


def _outputs(bundle: Bundle) -> str:
    """The parts of a face network's answer."""
    if bundle.task != "face":
        return ""
    rows = []
    for part in PARTS:
        columns, names = COLUMNS[part.name], ", ".join(part.values)
        if len(part.values) > 24:
            names = f"{', '.join(part.values[:2])} ... {part.values[-1]}"
        place = f"{columns.start}-{columns.stop - 1}"
        real = f"{part.divisor:g} x value + {part.center:g}"
        rows.append(f"| {part.name} | {place} | {real} | {part.unit} | {names} |")
    head = "| part | values | real value | unit | names |\n|---|---|---|---|---|"
    return "\n".join(["## Outputs", "", head, *rows])


def _files(bundle: Bundle, not_run: Mapping[str, str]) -> str:
    rows = [_row(entry) for entry in bundle.files]
    rows += [f"| {target} | {reason} | | | | |" for target, reason in not_run.items()]
    head = "| file | checked with | bytes | SQNR dB | changed decisions | arena bytes |"
    against = next((e.parity.against for e in bundle.files if e.parity), "torch float32")
    note = (
        f"SQNR and changed decisions are against {against}, on clips that calibration did not "
        "use, run with the runtimes named; the mean answer is taken off before SQNR. The arena is "
        "TFLite Micro's, measured on 64 bits: an upper bound for a microcontroller."
    )
    return "\n".join([head, "|---|---|---:|---:|---:|---:|", *rows, "", note])


def _row(entry: ModelFile) -> str:
    sqnr = f"{entry.parity.sqnr_db:.1f}" if entry.parity else ""
    flips = f"{100 * (entry.parity.flips or 0):.1f} %" if entry.parity else ""
    arena = f"{entry.arena_bytes:,}" if entry.arena_bytes else ""
    cells = (f"`{entry.path}`", entry.runtime, f"{entry.bytes:,}", sqnr, flips, arena)
    return f"| {' | '.join(cells)} |"


def _accuracy(bundle: Bundle) -> str:
    said = {"synthetic": bundle.accuracy.synthetic, "real": bundle.accuracy.real}
    title = {"synthetic": "held-out synthetic people", "real": "real people"}
    lines = []
    for kind, figures in said.items():
        if not figures:
            lines.append(f"On {title[kind]}: not measured.")
            continue
        known = [name for name in METRICS if name in figures]
        shown = [f"{METRICS[name]} {_shown(name, figures[name])}" for name in known]
        what = "pictures" if bundle.task == "talking" else "clips"
        count = f" ({figures['n']:.0f} {what})" if "n" in figures else ""
        lines.append(f"On {title[kind]}{count}: {'; '.join(shown) or 'see manifest.json'}.")
    return f"{ACCURACY}\n\n{_bullets(lines)}"


def _shown(name: str, value: float) -> str:
    return f"{value:.1f} degrees off" if name.endswith("_deg") else f"{100 * value:.1f} %"


def in_a_stream(bundle: Bundle) -> str:
    """The section about the detector; `collodi tune` writes it anew."""
    found, lines = bundle.detector, []
    if found is None or not found.thresholds:
        lines = ["Thresholds: not tuned; `collodi tune` chooses them for a rate of false accepts."]
    else:
        shown = ", ".join(f"{word} {value:.2f}" for word, value in found.thresholds.items())
        lines = [
            f"Thresholds of the smoothed posterior: {shown}",
            f"Tuned: {found.false_accepts_per_hour:g} false accepts an hour in "
            f"{found.negative_hours:.2f} hours of sound without keywords",
        ]
    if found and found.tested_per_hour is not None:
        lines.append(f"Tested on {found.tested_hours:.2f} hours that it had not heard: "
                     f"{found.tested_per_hour:g} false accepts an hour")  # fmt: skip
    if found and found.tested_false_rejects is not None:
        lines.append(f"Missed: {100 * found.tested_false_rejects:.1f} % of {found.tested_words:,} "
                     "words of voices that it had not heard")  # fmt: skip
    return f"{STREAM}\n\n{_bullets(lines)}"


def as_tuned(text: str, bundle: Bundle) -> str:
    """A card with what its bundle says now of accuracy, streams and thresholds; else as it is."""
    sections = {ACCURACY: _accuracy, STREAM: in_a_stream, THRESHOLD: threshold_of}
    for heading, section in sections.items():
        text = _anew(text, heading, section(bundle))
    return text


def _anew(text: str, heading: str, section: str) -> str:
    """The text with another section under a heading; as it is where it has no such heading."""
    before, found, rest = text.partition(heading)
    if not found:
        return text
    after = rest.find("\n## ")
    return f"{before}{section}\n{rest[after:] if after >= 0 else ''}"


def threshold_of(bundle: Bundle) -> str:
    """The section about when an answer is a face; `collodi tune` writes it anew."""
    found = bundle.finder
    if found is None or found.false_per_100 is None:
        lines = ["Not tuned; `collodi tune` chooses a threshold for a rate of false faces."]
    else:
        lines = [
            f"A face from a logit of {found.threshold:.2f} on",
            f"Tuned: {found.false_per_100:.2f} false faces in 100 of {found.negatives:,} pictures "
            "without one",
        ]
    if found and found.tested_false_per_100 is not None:
        lines.append(f"Tested on {found.tested_negatives:,} pictures of other places and people: "
                     f"{found.tested_false_per_100:.2f} false faces in 100")  # fmt: skip
    if found and found.tested_recall is not None:
        lines.append(f"Found: {100 * found.tested_recall:.1f} % of {found.tested_faces:,} faces "
                     "of synthetic people that it had not seen")  # fmt: skip
    return f"{THRESHOLD}\n\n{_bullets(lines)}"


def _python(bundle: Bundle) -> str:
    targets = [entry.target for entry in bundle.files]
    target = "tflite-int8" if "tflite-int8" in targets else targets[0]
    front = {
        "logmel": "features = logmel(audio, bundle.front_end)  # float32 (16000,), 16 kHz, -1..1",
        "audiovisual": "features = audiovisual(audio, pictures, bundle.front_end)  "
        "# (25600,), 40 (H, W, 3)",
        "image": "features = image(rgb, bundle.front_end)  # uint8 (H, W, 3), the face inside",
        "scene": "features = scene(rgb, bundle.front_end)  # uint8 (H, W, 3) of any size",
    }[bundle.front_end["name"]]
    function = bundle.front_end["name"]
    module = "audiovisual" if function == "audiovisual" else "frontend"
    answer = {
        "kws": "print(bundle.labels[answer.argmax()])",
        "voice": "speech, child = answer[:2] > 0; emotion = bundle.labels[2 + answer[2:].argmax()]",
        "find": "print(faces(answer.tolist(), bundle.front_end, bundle.finder or Finder(), "
        "rgb.shape[1::-1]))",
        "talking": "speaking, facing = answer > 0",
        "face": "points = answer[:136].reshape(68, 2) + 0.5  # x, y as fractions of the crop",
    }[bundle.task]
    given = "features[None]" if bundle.task in ("face", "find") else "features[None, :, :, None]"
    if target == "onnx-raw":
        front, given = "# audio: float32 (16000,), 16 kHz, -1..1", "audio[None]"
    return "\n".join([
        "```python",
        "from pathlib import Path",
        "from device.backends import open_model",
        f"from device.backends.{module} import {function}",
        "from device.bundle import read_bundle",
        *(["from device.find import Finder, faces"] if bundle.task == "find" else []),
        "",
        'folder = Path(".")  # this folder',
        "bundle = read_bundle(folder)",
        f'model = open_model(folder, bundle.file("{target}"))',
        front,
        f"answer = model.run([{given}])[0][0]",
        answer,
        "```",
    ])  # fmt: skip


def _c(bundle: Bundle) -> str:
    if not any(entry.target == "c" for entry in bundle.files):
        return ""
    name = c_name(bundle.name)
    upper = name.upper()
    hears = bundle.front_end["name"] == "logmel"
    fill = [
        f"// int8 = round(real / {upper}_INPUT_SCALE) + {upper}_INPUT_ZERO_POINT",
        f"memcpy(net.input(0)->data.int8, features, {upper}_INPUT_SIZE);",
    ]
    if hears:
        fill = [
            f"static uint16_t levels[{upper}_FRONTEND_FRAMES * {upper}_FRONTEND_MELS];",
            f"{name}_frontend_second(samples, levels, net.input(0)->data.int8);  // int16, 16 kHz",
        ]
    return "\n".join([
        "## Use in C++ with TFLite Micro",
        "",
        "```cpp",
        f'#include "{name}.h"',
        *([f'#include "{name}_frontend.h"'] if hears else []),
        f"alignas(16) static uint8_t arena[{upper}_ARENA_BYTES];",
        f"static tflite::MicroMutableOpResolver<{upper}_OPS> ops;",
        f"{upper}_ADD_OPS(ops);",
        f"const tflite::Model *model = tflite::GetModel({name}_data);",
        "static tflite::MicroInterpreter net(model, ops, arena, sizeof arena);",
        "net.AllocateTensors();",
        *fill,
        "net.Invoke();",
        "// answer: net.output(0)->data.int8",
        f"// real = {upper}_OUTPUT_SCALE * (int8 - {upper}_OUTPUT_ZERO_POINT)",
        "```",
    ])  # fmt: skip


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
