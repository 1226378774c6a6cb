"""Prints the software bill of materials of this installation: CycloneDX 1.6 as JSON.

`make sbom` writes out/sbom.json. In it: what the kit's extras and groups bring, as far as it is
installed here, and the packaged bundles. Two runs on one installation print the same bytes; there
is a time only where SOURCE_DATE_EPOCH gives one.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid5

import tomllib
from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from make_licences import PIN, licence, plain, rules
from make_lock import ALSO, PINS, ROOT, TOOLS, needs
from packageurl import PackageURL
from packaging.requirements import Requirement

from device.files import sha256_of

BUNDLES = ROOT / "device/zoo/bundles"
Graph = dict[str, set[str]]
"""Which installed distributions each installed distribution asks for, by plain names."""


def pins() -> dict[str, tuple[str, list[str]]]:
    """Return version and SHA-256 of the files of each pinned distribution, by plain name."""
    found = {}
    for block in re.split(r"\n(?=\S)", PINS.read_text(encoding="utf-8")):
        if match := PIN.match(block):
            found[plain(match[1])] = match[2], re.findall(r"sha256:([0-9a-f]{64})", block)
    return found


def graph(lines: list[str]) -> Graph:
    """Return what these requirements bring, as far as it is installed; "" stands for them."""
    edges: Graph = {}
    asked: dict[str, set[str]] = {"": set()}
    waiting = [("", lines)]
    while waiting:
        name, wanted = waiting.pop()
        edges.setdefault(name, set())
        for need in map(Requirement, wanted):
            where = [{"extra": extra} for extra in {"", *asked[name]}]
            other = plain(need.name)
            if need.marker and not any(map(need.marker.evaluate, where)):
                continue
            try:
                requires = metadata.requires(other) or []
            except metadata.PackageNotFoundError:
                continue
            edges[name].add(other)
            if other not in edges or not need.extras <= asked[other]:
                asked[other] = asked.get(other, set()) | need.extras
                edges.setdefault(other, set())
                waiting.append((other, requires))
    return edges


def library(name: str, pin: tuple[str, list[str]] | None, runs: bool) -> Component:
    """Return an installed distribution; `runs` is false for what only builds and tests ask for.

    pip does not say from which of the pinned files it installed: where it could be several, they
    stand with the reference to the distribution; a single one is the component's hash.
    """
    found = metadata.distribution(name)
    local, words = "+" in found.version, licence(found.metadata)[0]
    known = [each for each in (pin[1] if pin else []) if local == (each in ALSO.get(name, ()))]
    hashes = [HashTypeFactory().from_hashlib_alg("sha256", each) for each in known]
    page = XsUri(f"https://pypi.org/project/{name}/{pin[0] if pin else ''}/#files")
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=page,
        comment="SHA-256 of each file that constraints.txt allows; pip does not say which it took",
        hashes=hashes,
    )
    note = rules()["named"].get(name)
    return Component(
        name=name,
        version=found.version,
        purl=PackageURL("pypi", None, name, found.version),
        bom_ref=f"pypi:{name}",
        scope=ComponentScope.REQUIRED if runs else ComponentScope.EXCLUDED,
        licenses=[LicenseFactory().make_from_string(words)] if words else [],
        hashes=hashes if len(hashes) == 1 else [],
        external_references=[files] if len(hashes) > 1 else [],
        properties=[Property(name="collodi:licence", value=note)] if note else [],
    )


def bundle(folder: Path) -> Component:
    """Return a packaged model with each of its files."""
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    names = sorted(path for path in folder.rglob("*") if path.is_file())
    return Component(
        type=ComponentType.MACHINE_LEARNING_MODEL,
        name=told["name"],
        bom_ref=f"model:{told['name']}",
        licenses=[LicenseFactory().make_from_string(told["licence"])],
        components=[
            Component(
                type=ComponentType.FILE,
                name=path.relative_to(folder).as_posix(),
                bom_ref=f"model:{told['name']}/{path.relative_to(folder).as_posix()}",
                hashes=[HashTypeFactory().from_hashlib_alg("sha256", sha256_of(path))],
            )
            for path in names
        ],
    )


def bill() -> Bom:
    """Return the kit, its distributions and bundles, and who asks for whom."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    about, pinned = project["project"], pins()
    runtime = graph(list(needs(project, list(about["optional-dependencies"]))))
    tools = graph([*TOOLS, *needs(project, list(project["dependency-groups"])), *present(pinned)])
    edges = {name: runtime.get(name, set()) | tools.get(name, set()) for name in {*runtime, *tools}}
    edges[""] = runtime[""]
    parts = {
        name: library(name, pinned.get(name), name in runtime) for name in sorted({*edges} - {""})
    }
    parts[""] = Component(
        name=about["name"],
        version=about["version"],
        bom_ref="collodi",
        licenses=[LicenseFactory().make_from_string(about["license"])],
    )
    models = [bundle(path.parent) for path in sorted(BUNDLES.glob("*/manifest.json"))]
    bom = Bom(components=[*models, *(parts[name] for name in sorted(parts) if name)])
    bom.metadata.component = parts[""]
    for name, others in edges.items():
        bom.register_dependency(parts[name], [parts[other] for other in others])
    bom.register_dependency(parts[""], models)
    return bom


def present(pinned: dict[str, tuple[str, list[str]]]) -> Iterator[str]:
    """Yield the pinned distributions that are installed, whoever asks for them."""
    for name in pinned:
        try:
            yield metadata.distribution(name).metadata["Name"]
        except metadata.PackageNotFoundError:
            continue


def as_text(bom: Bom) -> str:
    """Return CycloneDX 1.6 as JSON, with a serial number that its content determines."""
    bom.serial_number = UUID(int=0)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    bom.metadata.timestamp = datetime.fromtimestamp(int(epoch or 0), timezone.utc)
    body = json.loads(make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string())
    if not epoch:
        del body["metadata"]["timestamp"]
    body["serialNumber"] = uuid5(NAMESPACE_URL, json.dumps(body, sort_keys=True)).urn
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text(bill()))
