#!/usr/bin/env python3
"""Builds the image of the Dockerfile as a folder and runs its program there, without Docker: `test.py PROGRAM [EMULATOR]`.

The folder has the files of the image and nothing else: no C library, no /proc, /dev, /etc or /tmp. A program that runs in it needs nothing of
the system but its kernel, so it runs with glibc of any age and with musl. EMULATOR is a static `qemu-aarch64` for a program of another processor.
Only root may change the root folder; others need `unshare` with user namespaces.

Instructions: https://docs.docker.com/reference/dockerfile/
"""

import fnmatch
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# The longest that one command may take, in seconds. The first one compiles the engine, under an emulator ten times slower.
LONGEST = 900

ACTION = """exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim('https://example.com/plan', event.user.app_metadata.image_test ?? 'free');
};
"""
CASES = """actions: [plan.js]
cases:
  - description: no plan
    expect: { id_token: { 'https://example.com/plan': free } }
  - description: a plan
    with: { user: { app_metadata: { image_test: pro } } }
    expect: { id_token: { 'https://example.com/plan': pro } }
"""


def instructions():
    """The instructions of the Dockerfile, in order, as pairs."""
    for line in (HERE / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            yield name, rest.strip()


def is_sent(name, ignored):
    """Whether Docker would read a file of the repository, by the rules of .dockerignore: the last one that matches counts."""
    sent = True
    for rule in ignored:
        pattern = rule.removeprefix("!")
        if pattern == "*" or fnmatch.fnmatch(name, pattern):
            sent = rule.startswith("!")
    return sent


def image(program, root):
    """Puts the files of the image into `root`; returns its environment, working folder and entry point."""
    ignored = (HERE / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    arguments, environment, folder, entry = {}, {}, "/", None
    for name, rest in instructions():
        rest = re.sub(r"\$\{(\w+)\}", lambda found: arguments[found.group(1)], rest)
        if name == "FROM":
            assert rest == "scratch", rest
        elif name == "ARG":
            key, _, value = rest.partition("=")
            arguments[key] = value
        elif name == "ENV":
            key, _, value = rest.partition("=")
            environment[key] = value
        elif name == "WORKDIR":
            folder = rest
            (root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "ENTRYPOINT":
            entry = json.loads(rest)
        elif name == "COPY":
            *sources, target = [word for word in rest.split() if not word.startswith("--")]
            assert len(sources) == 1 or target.endswith("/"), f"{rest}: several files need a folder"
            to = root / target.lstrip("/")
            for source in sources:
                found = [file.relative_to(ROOT).as_posix() for file in ROOT.glob(source)]
                if source == arguments.get("PROGRAM"):
                    assert is_sent(source, ignored), f"{source} is ignored by Dockerfile.dockerignore"
                    shutil.copyfile(program, to)
                    to.chmod(0o755)
                    continue
                assert found, f"{source} is not there"
                to.mkdir(parents=True, exist_ok=True)
                for file in found:
                    assert is_sent(file, ignored), f"{file} is ignored by Dockerfile.dockerignore"
                    shutil.copy(ROOT / file, to)
        else:
            raise AssertionError(f"unknown instruction {name}")
    return environment, folder, entry


def main(program, emulator=None):
    with tempfile.TemporaryDirectory() as work:
        root = pathlib.Path(work) / "root"
        root.mkdir(mode=0o755)
        pathlib.Path(work).chmod(0o755)
        environment, folder, entry = image(pathlib.Path(program), root)
        for name in ("plan.js", "plan.case.yaml"):
            (root / folder.lstrip("/") / name).write_text(ACTION if name == "plan.js" else CASES, encoding="utf-8")
        # Docker makes no folder for the volume before it is mounted; the program does.
        if emulator:
            shutil.copy(emulator, root / "emulator")
            entry = ["/emulator", *entry]

        def command(arguments, user=None):
            change = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
            change += [f"--userspec={user}"] if user else []
            # GNU's chroot goes to the new root's top; -C of the program stands for WORKDIR.
            return [*change, str(root), *entry, "-C", folder, *arguments]

        def run(*arguments, user=None):
            env = {"PATH": os.environ["PATH"], **environment}
            done = subprocess.run(command(arguments, user), env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST)
            assert done.returncode == 0, f"{arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            return done

        version = run("--version").stdout
        assert version.startswith("postlogin "), version
        first = run("run", "plan.js", "--format", "json")
        assert json.loads(first.stdout)["id_token"]["claims"]["https://example.com/plan"] == "free"
        assert "compiled the JavaScript engine" in first.stderr, first.stderr
        again = run("run", "plan.js", "--format", "json")
        assert again.stderr == "", f"it was not kept in {environment['POSTLOGIN_CACHE_DIR']}: {again.stderr}"
        assert "2 passed" in run("test").stdout
        run("check")
        for _ in range(2):
            # The second one knows the files of the first, by the secret in the volume.
            run("serve", "--port", "0", "--until-stdin-ends")
        shutil.rmtree(root / folder.lstrip("/") / ".postlogin")
        server = subprocess.Popen(
            command(["serve", "--port", "0", "--ephemeral"]),
            env={"PATH": os.environ["PATH"], **environment}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        try:
            url = re.search(r"http://\S+", server.stdout.readline()).group()
            with urllib.request.urlopen(f"{url}.well-known/jwks.json", timeout=60) as answer:
                assert json.load(answer)["keys"], "there is no key"
        finally:
            server.terminate()
            server.wait(60)
        if os.geteuid() == 0 and not emulator:
            # `docker run --user`: the cache is root's, which costs the compilation and no more.
            other = run("run", "plan.js", user="1234:1234")
            assert "allowed" in other.stdout and "it will be compiled again next time" in other.stderr, other.stderr
    print(f"the image runs: {version.strip()}, {pathlib.Path(program).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: test.py PROGRAM [EMULATOR]")
    main(*sys.argv[1:])
