"""A replay on Spark.

    users = spark.read.text("users.ndjson.gz", lineSep="\\n").repartition(64)
    report = postlogin.spark.replay(users, before="old.js", after="new.js", out="replay")

Read text, never `spark.read.json`: it makes one schema of all users, so a user without an attribute gets null, and a number becomes a text
because another user has one. A .gz is one partition: repartition it. The wheel is installed on every machine of the cluster.
"""

import pyarrow as pa

from postlogin.arrow import SCHEMA, Replay

__all__ = ["replay", "results"]

_DDL = "kind string, user string, what string, name string, before string, after string, part binary"

# So many rows go to the program at once.
_ROWS = 4096


def results(df, job):
    """Returns a DataFrame with the results of all users (`postlogin.arrow.SCHEMA`): one stream for each partition.

    Whoever wants the differences in a table stores `results(df, job).where("kind = 'difference'")`. Logins run each time that the DataFrame
    is computed.
    """
    columns = [name for name in ("user", "value", "line") if name in df.columns]
    if columns and columns != ["line"]:
        df = df.select(*columns)
    return df.mapInArrow(job.results, _DDL)


def replay(df, before=None, after=".", *, out=None, fail_if=(), **options):
    """Replays all users of a DataFrame and returns a `postlogin.arrow.Report`: the same as `postlogin replay` makes of the same users.

    `df` has a column `user` or `value` of texts, each the JSON of a user; a column `line` of numbers is optional. The other arguments are
    those of `postlogin.arrow.Replay` and its `report`. Logins run once: their results are kept on the executors' disks meanwhile.
    """
    from pyspark import StorageLevel

    job = Replay(before, after, **options)
    rows = results(df, job).persist(StorageLevel.DISK_ONLY)
    try:
        # All partitions at once; what follows goes through them one after the other.
        rows.count()
        wanted = rows if out is not None else rows.where("kind != 'difference'")
        return job.report(_batches(wanted), out=out, fail_if=fail_if)
    finally:
        rows.unpersist()


def _batches(df):
    """The rows of a DataFrame, few at once."""
    held = []
    for row in df.toLocalIterator():
        held.append(row.asDict())
        if len(held) == _ROWS:
            yield pa.RecordBatch.from_pylist(held, SCHEMA)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, SCHEMA)
