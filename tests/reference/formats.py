"""Holds `fovea explain --out-format parquet` and `zarr` against `files`, as DuckDB, Polars, Spark and zarr-python read them.

    python formats.py FILES PARQUET ZARR

The three folders are results of the same pictures, model and settings. What is not installed is left out, and said.
"""

import glob
import json
import struct
import sys
from pathlib import Path

files, parquet, zarr_out = map(Path, sys.argv[1:4])
records = {path.stem: json.loads(path.read_text()) for path in files.glob("*.json")}
assert records, f"no records in {files}"
UNLIKE = {"date", "timings_ms", "files", "maps"}


def single(value):
    """As f32, in bits."""
    return None if value is None else struct.pack("<f", value)


def flat(record):
    """What a row must say of a record."""
    decided = record["classes"][record["decided"]]
    return {
        "picture_sha256": record.get("picture_sha256"),
        "decided": record["decided"],
        "decided_class": decided["name"],
        "decided_probability": single(decided["probability"]),
        "headline": record["report"]["headline"],
        "smoothing_px": single(record["settings"]["smoothing_px"]),
        "classes": [
            (c["name"], single(c["probability"]), single(c.get("operating_point")), c.get("response_share"))
            for c in record["classes"]
        ],
        "questions": [
            (q["name"], q["answer"], single(q["probability"]), [single(p["sensitivity"]) for p in q["operating_points"]])
            for q in record.get("questions", [])
        ],
        "boxes": [tuple(box[k] for k in ("class", "x", "y", "width", "height", "share")) for box in record["boxes"]],
        "grade_set": record.get("grade_set"),
        "reasons": record.get("reasons"),
    }


def of_row(row):
    """The same of a row, whoever read it."""
    return {
        "picture_sha256": row["picture_sha256"],
        "decided": row["decided"],
        "decided_class": row["decided_class"],
        "decided_probability": single(row["decided_probability"]),
        "headline": row["headline"],
        "smoothing_px": single(row["smoothing_px"]),
        "classes": [
            (c["name"], single(c["probability"]), single(c["operating_point"]), c["response_share"]) for c in row["classes"]
        ],
        "questions": [
            (q["name"], q["answer"], single(q["probability"]), [single(p["sensitivity"]) for p in q["operating_points"]])
            for q in row["questions"] or []
        ],
        "boxes": [tuple(box[k] for k in ("class", "x", "y", "width", "height", "share")) for box in row["boxes"]],
        "grade_set": row["grade_set"],
        "reasons": row["reasons"],
    }


def check(reader, out, rows):
    done = {row["name"]: row for row in rows if row["state"] == "done"}
    assert done.keys() == records.keys(), (reader, out, done.keys() ^ records.keys())
    for name, record in records.items():
        assert of_row(done[name]) == flat(record), (reader, out, name)
        kept = json.loads(done[name]["record"])
        same = lambda told: {key: value for key, value in told.items() if key not in UNLIKE}
        assert same(kept) == same(record), (reader, out, name)
    print(f"{reader}: {len(done)} rows of {out.name} say what the files say")


def by_duckdb(out):
    import duckdb

    found = duckdb.sql(f"SELECT * FROM '{out}/shards/*.parquet'")
    return [dict(zip(found.columns, row)) for row in found.fetchall()]


def by_polars(out):
    import polars

    return polars.scan_parquet(f"{out}/shards/*.parquet").collect().to_dicts()


session = None


def by_spark(out):
    global session
    from pyspark.sql import SparkSession

    if session is None:
        session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
    return [row.asDict(recursive=True) for row in session.read.parquet(f"{out}/shards/*.parquet").collect()]


def by_pyarrow(out):
    import pyarrow.parquet as pq

    return [row for path in glob.glob(f"{out}/shards/*.parquet") for row in pq.read_table(path).to_pylist()]


for reader in (by_duckdb, by_polars, by_pyarrow, by_spark):
    try:
        for out in (parquet, zarr_out):
            rows = reader(out)
            check(reader.__name__[3:], out, rows)
    except ImportError as error:
        print(f"left out: {error}")

try:
    import numpy
    import zarr
except ImportError as error:
    print(f"left out: {error}")
    sys.exit(0)

groups = sorted(zarr_out.glob("shards/*.zarr"))
compared = 0
for path in groups:
    group = zarr.open_group(path, mode="r")
    names = [c["name"] for c in next(iter(records.values()))["classes"]]
    assert group.attrs["classes"] == names, group.attrs["classes"]
    lines = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
    for line in (line for line in lines if line.get("state") == "done"):
        known, row = numpy.load(files / f"{line['name']}.npz"), line["maps_row"]
        for array in ("cam", "response", "response_classes", "source_from_model"):
            told = group[array][row]
            assert told.dtype == known[array].dtype and told.shape == known[array].shape, (path, array)
            assert told.tobytes() == known[array].tobytes(), (path, line["name"], array)
        compared += 1
assert compared == len(records), (compared, len(records))
print(f"zarr-python {zarr.__version__}: the arrays of {compared} pictures are those of the files, bit for bit")
