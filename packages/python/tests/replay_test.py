"""`postlogin.arrow` and `postlogin.spark` against the report of one machine, byte for byte.

    POSTLOGIN_PROGRAM=target/release/postlogin python packages/python/tests/replay_test.py [arrow] [local] [cluster]

Needs pyarrow, and PySpark with Java for `local` and `cluster`. Without arguments, all run.
"""

import atexit
import functools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import pyarrow as pa

import postlogin
from postlogin.arrow import SCHEMA, Replay

OLD = """exports.onExecutePostLogin = async (event, api) => {
  const { roles = ['none'], plan } = event.user.app_metadata;
  api.idToken.setCustomClaim('https://example.com/roles', roles);
  api.idToken.setCustomClaim('https://example.com/plan', plan);
};
"""
NEW = """exports.onExecutePostLogin = async (event, api) => {
  const { roles, plan } = event.user.app_metadata;
  roles.join();
  api.idToken.setCustomClaim('https://example.com/roles', roles);
  if (plan !== 'free') api.idToken.setCustomClaim('https://example.com/plan', plan);
};
"""
SIDES = ["--before=old.js", "--after=new.js"]
COUNT = int(os.environ.get("USERS", "20000"))


def say(text):
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}", flush=True)


BEGAN = time.monotonic()


@functools.cache
def place():
    """A folder with users, Actions and the report that one machine makes."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postlogin-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    program = postlogin.find_program()
    (folder / "old.js").write_text(OLD)
    (folder / "new.js").write_text(NEW)
    with open(folder / "users.ndjson", "wb") as out:
        subprocess.run([program, "generate", "users", f"--count={COUNT}", "--seed=7"], stdout=out, check=True)
    with open(folder / "users.ndjson", "a") as out:
        # A line that is no user, one that is there twice, and a blank one.
        first = (folder / "users.ndjson").read_text(encoding="utf-8").splitlines()[0]
        out.write("{torn\n\n" + first + "\n")
    os.chdir(folder)
    done = subprocess.run([program, "replay", "users.ndjson", *SIDES, "--out=one", "--coverage"], capture_output=True, text=True)
    assert done.returncode == 100, done.stderr
    # Workers do not know the numbers of lines.
    say(f"one machine: {done.stderr.splitlines()[-1]}")
    return folder


def read(path):
    return pathlib.Path(path).read_bytes()


def same(report, out):
    """The report is that of one machine."""
    assert report.exit_code == 100, report.notes
    summary = json.loads(read("one/summary.json"))
    assert summary["lines"] == COUNT + 2 and summary["unreadable"] == 1 and summary["duplicates"] == 1, summary
    assert read("one/summary.json") == read(f"{out}/summary.json"), out
    assert read("one/report.html") == read(f"{out}/report.html"), out
    rows = [sorted(read(f"{folder}/differences.ndjson").splitlines()) for folder in ("one", out)]
    assert len(rows[0]) > COUNT // 10 and rows[0] == rows[1], out


def job():
    return Replay("old.js", "new.js", users_name="users.ndjson", coverage=True)


def lines():
    """The users with the numbers of their lines."""
    with open("users.ndjson", encoding="utf-8") as file:
        return [(number, line.rstrip("\n")) for number, line in enumerate(file, 1)]


def table(rows, kind=pa.string()):
    return pa.table({"line": pa.array([row[0] for row in rows], pa.int64()), "user": pa.array([row[1] for row in rows], kind)})


def arrow():
    """Streams in any number, order and type of text; errors; a child that is killed."""
    place()
    made, all_lines = job(), lines()
    third = len(all_lines) // 3
    tables = [
        table(all_lines[2 * third :], pa.large_string()),
        table(all_lines[:third], pa.string_view()),
        table([(number, line.encode()) for number, line in all_lines[third : 2 * third]], pa.binary()),
    ]
    results = pa.concat_tables([made(one) for one in tables])
    assert results.schema == SCHEMA
    same(made.report(results.to_batches(), out="arrow"), "arrow")
    say("arrow: three streams are the report of one machine")

    # Without rows of differences there is a report, but no file of them.
    small = results.filter(pa.compute.not_equal(results["kind"], "difference"))
    report = made.report(small.to_batches())
    assert report.summary == json.loads(read("one/summary.json"))
    for taken, expected in [
        (small, "there are 0 differences, and the workers found"),
        (pa.concat_tables([results, results.slice(0, 1)]), "differences, and the workers found"),
        (results.filter(pa.compute.not_equal(results["kind"], "part")), "the results have no part"),
    ]:
        refused(lambda taken=taken: made.report(taken.to_batches(), out=tempfile.mkdtemp()), expected)
    other = Replay("new.js", "old.js", users_name="users.ndjson", coverage=True)
    refused(lambda: other.report(results.to_batches()), "was made with other Actions, options or another version")

    refused(lambda: made(pa.table({"a": [1], "b": ["x"], "c": ["y"]})), "no column `user`")
    refused(lambda: made(pa.table({"user": [1]})), "has the type Int64, not text")
    refused(lambda: Replay("old.js", "broken.js"), "broken.js")
    pathlib.Path("broken.js").write_text("exports.onExecutePostLogin = async (event, api) => {\n")
    refused(lambda: Replay("old.js", "broken.js"), "broken.js:")
    refused(lambda: Replay("old.js", "new.js", colour=1), "no option `colour`", TypeError)

    # A stream that is left on the way does not reach the next one.
    left = made.results(table(all_lines).to_batches(max_chunksize=500))
    next(left)
    left.close()
    assert made(tables[1]).num_rows > 0

    # A child that is killed is an error of its stream alone.
    stream = made.results(slowly(table(all_lines[:4000]).to_batches(max_chunksize=100)))
    next(stream)
    for child in children(os.getpid()):
        os.kill(child, signal.SIGKILL)
    refused(lambda: list(stream), "the child process ended")
    assert made(tables[1]).num_rows > 0
    say("arrow: what is missing, foreign, broken or killed is reported")


def slowly(batches):
    for batch in batches:
        time.sleep(0.05)
        yield batch


def refused(call, expected, kind=postlogin.PostloginError):
    try:
        call()
    except kind as error:
        assert expected in str(error), error
    else:
        raise AssertionError(f"no error: {expected}")


def children(parent):
    """The processes that run logins below a process."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        pid = int(entry.name)
        if int(status[1]) == parent and b"\0--worker\0" in command:
            found.append(pid)
    return found


def session(master, **settings):
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master).appName("postlogin")
    settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", **settings}
    for name, value in settings.items():
        builder = builder.config(name.replace("__", "."), value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def frame(spark, partitions):
    """The users as a DataFrame, numbered as one machine numbers them."""
    from pyspark.sql import Row

    rows = [Row(line=number, value=line) for number, line in lines()]
    return spark.createDataFrame(rows).repartition(partitions)


def local():
    """Threads of one machine."""
    from postlogin import spark as on_spark

    place()
    spark = session("local[2]")
    report = on_spark.replay(
        frame(spark, 5), "old.js", "new.js", out="local", users_name="users.ndjson", coverage=True, fail_if=[]
    )
    same(report, "local")
    say("local[2]: the report of one machine")
    # From the file itself, where the one line that is no user has no number.
    text = spark.read.text("users.ndjson", lineSep="\n").repartition(3)
    report = on_spark.replay(text, "old.js", "new.js", users_name="users.ndjson", fail_if=["changed > 99%"])
    summary = json.loads(read("one/summary.json"))
    assert report.exit_code == 0 or report.exit_code == 102, report.notes
    assert report.summary["problems"][0]["first"] == [] and summary["problems"][0]["first"] != []
    for name in ("lines", "same", "different", "failed_after", "differences", "claims", "input"):
        assert report.summary[name] == summary[name], name
    # The address space of a Python worker can be limited, and its child's with it.
    spark.stop()
    say("local[2]: read.text, limits")


def cluster():
    """Executors of their own, with a limit of the address space; one is killed on the way."""
    from postlogin import spark as on_spark

    place()
    spark = session("local-cluster[2,1,600]", **{"spark.executor.memory": "512m", "spark.executor.pyspark.memory": "4g", "spark.task.maxFailures": "8"})
    users = frame(spark, 8).persist()
    users.count()
    killed = []

    def kill():
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and not killed:
            for pid in executors():
                # An executor whose children run logins.
                if any(b"--worker" in cmdline(child) for child in below(pid)):
                    time.sleep(0.3)
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)
                    return
            time.sleep(0.1)

    killer = threading.Thread(target=kill)
    killer.start()
    report = on_spark.replay(users, "old.js", "new.js", out="cluster", users_name="users.ndjson", coverage=True)
    killer.join()
    assert killed, "an executor was killed"
    same(report, "cluster")
    spark.stop()
    say("local-cluster[2,1,600]: the report of one machine, with an executor killed")


def cmdline(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def parents():
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            found[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    return found


def below(pid):
    """All processes below one."""
    tree, found, wanted = parents(), [], {pid}
    while wanted:
        wanted = {child for child, parent in tree.items() if parent in wanted}
        found += wanted
    return found


def executors():
    """The executors that this test started."""
    return [pid for pid in below(os.getpid()) if b"CoarseGrainedExecutorBackend" in cmdline(pid)]


if __name__ == "__main__":
    for part in sys.argv[1:] or ["arrow", "local", "cluster"]:
        {"arrow": arrow, "local": local, "cluster": cluster}[part]()
    say("all is well")
