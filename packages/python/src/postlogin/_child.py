"""One child process that runs logins, and those that wait for more."""

import os
import queue
import subprocess
import tempfile
import threading

import pyarrow as pa

from postlogin import PostloginError, find_program
from postlogin._bundle import unpack

# A batch of so many users keeps the child busy while the next one comes.
USERS = 1000

_END = object()


def environment(key):
    """The environment of a child. Executors often have no home, so no folder for machine code."""
    variables = dict(os.environ)
    if not any(variables.get(name) for name in ("POSTLOGIN_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA")):
        user = os.getuid() if hasattr(os, "getuid") else "user"
        variables["POSTLOGIN_CACHE_DIR"] = os.path.join(tempfile.gettempdir(), f"postlogin-cache-{user}")
    if key:
        variables["POSTLOGIN_REPLAY_KEY"] = key
    return variables


class Child:
    """`postlogin replay --worker`, for any number of streams one after the other."""

    def __init__(self, archive, arguments, key):
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [find_program(), "replay", "--worker", *arguments],
            cwd=unpack(archive),
            env=environment(key),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def stream(self, batches):
        """Yields the results of a stream of users."""
        results = queue.Queue()
        reader = threading.Thread(target=self._read, args=(results,), daemon=True)
        reader.start()
        last = None
        writer = None
        for batch in batches:
            if writer is None:
                writer = pa.ipc.new_stream(self._process.stdin, batch.schema)
            for at in range(0, batch.num_rows, USERS):
                self._do(lambda: writer.write_batch(batch.slice(at, USERS)))
                # What is done leaves at once, so that little is held.
                while not results.empty():
                    last = self._checked(results.get())
                    if last is _END:
                        raise self._failed(None)
                    yield last
        self._do(lambda: self._end(writer))
        while (found := self._checked(results.get())) is not _END:
            last = found
            yield found
        reader.join()
        if last is None or last.num_rows == 0 or last.column("kind")[-1].as_py() != "part":
            raise self._failed(None)

    def _end(self, writer):
        if writer is None:
            writer = pa.ipc.new_stream(self._process.stdin, pa.schema([("user", pa.string())]))
        writer.close()
        self._process.stdin.flush()

    def _do(self, write):
        try:
            write()
        except OSError as error:
            # The pipe is closed: the child has said why.
            raise self._failed(error) from None

    def _checked(self, found):
        if isinstance(found, BaseException):
            raise self._failed(found)
        return found

    def _read(self, results):
        try:
            for batch in pa.ipc.open_stream(self._process.stdout):
                results.put(batch)
            results.put(_END)
        except BaseException as error:  # noqa: B902 - it is raised where it is waited for
            results.put(error)

    def _failed(self, error):
        self.close()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        code = self._process.returncode
        if not said:
            said = f"the child process ended with code {code}" if error is None else f"the child process ended ({error})"
        return PostloginError(said, code)

    def close(self):
        """Ends the child."""
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                pipe.close()
            except OSError:
                pass
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# Children that wait for another stream, by what they run. A process that is forked has none of them.
_idle = {}
_lock = threading.Lock()


def _forget():
    global _lock
    _idle.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def results(identity, start, batches):
    """Yields the results of a stream by a child that waits, or by a new one."""
    with _lock:
        waiting = _idle.get(identity)
        child = waiting.pop() if waiting else None
    if child is None:
        child = start()
    is_whole = False
    try:
        yield from child.stream(batches)
        is_whole = True
    finally:
        # A stream that was left on the way has results in the pipe.
        if is_whole:
            with _lock:
                _idle.setdefault(identity, []).append(child)
        else:
            child.close()
