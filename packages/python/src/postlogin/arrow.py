"""A replay of users that come as Arrow data, for any engine.

    job = Replay(before="old.js", after="new.js")
    rows = job.results(batches)                     # a generator of record batches: one stream of users
    report = job.report(rows, out="replay")         # what `postlogin replay` makes of the same users

With Ray: `users.map_batches(job, batch_format="pyarrow")`; with Daft, Dask and others: `job(table)` in the function that they call for a
batch. Each call is a stream of its own, and `report` takes the rows of all streams in any order.
"""

import hashlib
import json
import os
import pathlib
import subprocess
import tempfile

import pyarrow as pa

from postlogin import PostloginError, find_program
from postlogin import _child
from postlogin._bundle import Bundle, unpack

__all__ = ["Replay", "Report", "SCHEMA"]

# The columns of results; see `postlogin replay --worker` in the documentation.
SCHEMA = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        ("user", pa.string()),
        ("what", pa.string()),
        ("name", pa.string()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("part", pa.binary()),
    ]
)

_FILES = ("event", "client", "roles", "organizations", "logins", "secrets_file")
_VALUES = ("now", "seed", "timeout", "memory", "users_name")
_FLAGS = ("show_values", "show_ids", "coverage")


class Replay:
    """What is replayed: one version of Actions, or two, with the options of `postlogin replay`.

    `before` and `after` are paths of Actions (with commas between several), of a project's folder, or `git:REV`. All files are read
    here, once, relative to `root`; other processes get them with this object. `files` are more paths that Actions need, such as
    `node_modules`. Options are those of the command line with `_` for `-`: `event`, `client`, `set`, `roles`, `organizations`, `logins`,
    `map`, `now`, `seed`, `http`, `secret`, `secrets_file`, `timeout`, `memory`, `show_values`, `show_ids`, `id_key`, `coverage`,
    `users_name`. `jobs` is the number of threads of each child.

    Raises PostloginError for what cannot be read or loaded.
    """

    def __init__(self, before=None, after=".", *, root=".", files=(), jobs=1, id_key=None, check=True, **options):
        bundle = Bundle(root)
        arguments = []
        for side, given in (("before", before), ("after", after)):
            if given is None:
                continue
            given = os.fspath(given)
            path = _version(bundle, given, side)
            arguments.append(f"--{side}={path}")
            if path != given:
                arguments.append(f"--{side}-name={given}")
        for name, value in options.items():
            arguments += _option(bundle, name, value)
        for path in files:
            bundle.add(path)
        self._archive = bundle.pack()
        self._arguments = arguments
        self._jobs = jobs
        self._key = id_key or os.environ.get("POSTLOGIN_REPLAY_KEY")
        text = json.dumps([arguments, jobs, self._key])
        self._identity = hashlib.sha256(text.encode() + self._archive).hexdigest()
        if check:
            # An Action that does not load is reported here, not by a machine far away. Its code is read at the first login.
            users = pa.table({"user": ['{"user_id": "auth0|1"}']})
            for _ in self.results(users.to_batches()):
                pass

    def results(self, batches):
        """Yields the results of one stream of users, as record batches of `SCHEMA`.

        `batches` are record batches with a column `user` or `value` of texts, each the JSON of a user as in the export.
        """
        arguments = [*self._arguments, f"--jobs={self._jobs}"]
        start = lambda: _child.Child(self._archive, arguments, self._key)  # noqa: E731
        yield from _child.results(self._identity, start, batches)

    def __call__(self, table):
        """Returns the results of a table of users, as a table."""
        return pa.Table.from_batches(self.results(table.to_batches()), SCHEMA)

    def report(self, results, out=None, fail_if=()):
        """Makes the report of the results of all streams.

        With `out`, writes summary.json, differences.ndjson and report.html into that folder, which must have no report yet; else rows of
        the kind `difference` may be left out of `results`, all of them.
        """
        with tempfile.TemporaryDirectory(prefix="postlogin-merge-") as place:
            made = pathlib.Path(place) / "report"
            arguments = [*self._arguments, *(f"--fail-if={limit}" for limit in fail_if)]
            if out is not None:
                out = pathlib.Path(out).absolute()
                arguments.append(f"--out={out}")
            if not any(argument.startswith("--users-name=") for argument in arguments):
                arguments.append("--users-name=users")
            with open(made, "wb") as stdout, tempfile.TemporaryFile() as stderr:
                process = subprocess.Popen(
                    [find_program(), "replay", "-", "--merge", "--format=json", *arguments],
                    cwd=unpack(self._archive),
                    env=_child.environment(self._key),
                    stdin=subprocess.PIPE,
                    stdout=stdout,
                    stderr=stderr,
                )
                try:
                    with pa.ipc.new_stream(process.stdin, SCHEMA) as writer:
                        for batch in results:
                            writer.write(batch)
                    process.stdin.close()
                except BrokenPipeError:
                    # The program has said why.
                    pass
                except BaseException:
                    process.kill()
                    process.wait()
                    raise
                code = process.wait()
                stderr.seek(0)
                said = stderr.read().decode(errors="replace").strip()
            text = made.read_text(encoding="utf-8")
        if not text:
            raise PostloginError(said or f"the program ended with code {code}", code)
        return Report(json.loads(text), code, out, said)


class Report:
    """A report: `summary` (`postlogin.replay/1`), `exit_code` as of the command line, `notes`, and `out`, the folder of its files."""

    def __init__(self, summary, exit_code, out, notes):
        self.summary = summary
        self.exit_code = exit_code
        self.out = out
        self.notes = notes

    def __repr__(self):
        return f"<Report: {self.summary['verdict']}>"


def _version(bundle, given, side):
    if given.startswith("git:"):
        return bundle.add_revision(given[4:], f"revisions/{side}")
    names = [given] if (bundle.root / given).exists() else given.split(",")
    return ",".join(bundle.add(name.strip()) for name in names)


def _option(bundle, name, value):
    flag = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if name in _FLAGS:
        return [flag]
    if name in _FILES:
        return [f"{flag}={bundle.add(value)}"]
    if name in _VALUES:
        return [f"{flag}={value}"]
    if name == "http":
        return [f"{flag}={bundle.add(path)}" for path in _list(value)]
    if name in ("set", "map"):
        return [f"{flag}={pair}" for pair in _pairs(value)]
    if name == "secret":
        # Not as arguments, which every user of a machine can read.
        text = "".join(f"{key}={json.dumps(secret)}\n" for key, secret in dict(value).items())
        return [f"--secrets-file={bundle.add_text('secrets.env', text)}"]
    raise TypeError(f"a replay has no option `{name}`")


def _list(value):
    return [value] if isinstance(value, (str, os.PathLike)) else list(value)


def _pairs(value):
    if isinstance(value, dict):
        return [f"{key}={item if isinstance(item, str) else json.dumps(item)}" for key, item in value.items()]
    return _list(value)
