#!/usr/bin/env python3
"""Packs a program that is built already as a wheel: `wheel.py PROGRAM TARGET OUT`.

The wheel has the library of `src` and the very program of the archives and of the npm packages, so nothing is compiled a second time. A static Linux program
has the tags of glibc from 2.17 on and of musl in one file. Only the standard library is needed. The same program makes the same bytes.

Formats: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ and
https://packaging.python.org/en/latest/specifications/core-metadata/.
"""

import base64
import hashlib
import pathlib
import re
import sys
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT", "THIRD_PARTY_NOTICES.md"]

# What parts of the library need; the command line needs nothing. As in pyproject.toml.
EXTRAS = [("arrow", "pyarrow>=15"), ("spark", "pyspark>=4.0")]

TAGS = {
    "x86_64-unknown-linux-musl": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "aarch64-unknown-linux-musl": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "x86_64-apple-darwin": "macosx_10_12_x86_64",
    "aarch64-apple-darwin": "macosx_11_0_arm64",
    "x86_64-pc-windows-gnu": "win_amd64",
    # For this machine alone: an index refuses it.
    "x86_64-unknown-linux-gnu": "linux_x86_64",
    "aarch64-unknown-linux-gnu": "linux_aarch64",
}


def setting(name):
    """A line of pyproject.toml, as a string."""
    text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(rf'^{name} = "(.*)"$', text, re.MULTILINE).group(1)


def version():
    """The version of the workspace, which wheels write as PEP 440 does."""
    text = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.*)"$', text, re.MULTILINE).group(1)
    return re.sub(r"-(alpha|beta|rc)\.?", lambda kind: {"alpha": "a", "beta": "b", "rc": "rc"}[kind.group(1)], found)


def metadata(number):
    head = [
        "Metadata-Version: 2.4",
        "Name: postlogin",
        f"Version: {number}",
        f"Summary: {setting('description')}",
        f"License-Expression: {setting('license')}",
        *(f"License-File: {name}" for name in LICENCES),
        f"Requires-Python: {setting('requires-python')}",
        *(f"Requires-Dist: {needed}; extra == '{extra}'" for extra, needed in EXTRAS),
        *(f"Provides-Extra: {extra}" for extra, _ in EXTRAS),
        f"Project-URL: Repository, {setting('Repository')}",
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(head) + "\n\n" + (HERE / "README.md").read_text(encoding="utf-8")


def build(program, target, out):
    """Writes the wheel; returns its path."""
    if target not in TAGS:
        sys.exit(f"error: unknown target {target}\nhint: {', '.join(TAGS)}")
    number, tags = version(), TAGS[target]
    info = f"postlogin-{number}.dist-info"
    wheel = ["Wheel-Version: 1.0", "Generator: postlogin wheel.py", "Root-Is-Purelib: false"]
    wheel += [f"Tag: py3-none-{tag}" for tag in tags.split(".")]
    name = "postlogin.exe" if "windows" in target else "postlogin"
    files = [(f"postlogin-{number}.data/scripts/{name}", program.read_bytes(), 0o755)]
    files += [(f"postlogin/{path.name}", path.read_bytes(), 0o644) for path in sorted((HERE / "src/postlogin").glob("*.py"))]
    files += [(f"{info}/licenses/{name}", (ROOT / name).read_bytes(), 0o644) for name in LICENCES]
    files += [
        (f"{info}/METADATA", metadata(number).encode(), 0o644),
        (f"{info}/WHEEL", ("\n".join(wheel) + "\n").encode(), 0o644),
    ]
    record = []
    for path, content, _ in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(content)}\n")
    record.append(f"{info}/RECORD,,\n")
    files.append((f"{info}/RECORD", "".join(record).encode(), 0o644))

    out.mkdir(parents=True, exist_ok=True)
    made = out / f"postlogin-{number}-py3-none-{tags}.whl"
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content, mode in files:
            entry = zipfile.ZipInfo(path)  # 1980-01-01: no time of this machine
            entry.external_attr = (0o100000 | mode) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return made


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: wheel.py PROGRAM TARGET OUT")
    print(build(pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])))
