"""A report with all that it rests on: tables, settings, versions and hashes, in one archive.

The same store gives the same bytes: files stand in the order of their names and carry no time.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator

import polars as pl

from analytics.catalog import TABLES
from analytics.store import Store
from dashboards.sheet import as_csv
from dashboards.view import View

_NEVER = (1980, 1, 1, 0, 0, 0)  # the time of every file: the oldest that the format can say
_README = """{title}
{line}

report.html        the report, one page that needs nothing else
tables/            every table that was measured, as Parquet and as CSV
versions.json      the version of groundswell, seeds, and the versions of the tables that went in
inputs.json        the files that were imported, each with its SHA-256
SHA256SUMS         of every file here; check with: sha256sum -c SHA256SUMS

The posts themselves are not here: they are words and names of people. Whoever holds the store, or
imports the files that inputs.json names, computes every number again with

    groundswell measure STORE --force --seed {seed} --trees {trees}

and by groundswell {version}.
"""


def as_bundle(store: Store, view: View, page: str, title: str) -> bytes:
    """Return a report and what it rests on as a ZIP archive."""
    held = dict(sorted(_parts(store, view, page, title)))
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in held.items())
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted({**held, "SHA256SUMS": sums.encode()}.items()):
            archive.writestr(zipfile.ZipInfo(name, _NEVER), data, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _parts(store: Store, view: View, page: str, title: str) -> Iterator[tuple[str, bytes]]:
    run = store.read("runs").sort("at").row(-1, named=True)
    inputs = json.loads(run["inputs"])
    yield "report.html", page.encode()
    yield (
        "README.txt",
        _README.format(
            title=title, line="=" * len(title), version=run["version"], **_asked(inputs)
        ).encode(),
    )
    told = {"groundswell": run["version"], "engine": run["engine"], "inputs": inputs}
    yield "versions.json", json.dumps(told, indent=1, sort_keys=True).encode()
    imports = store.read("imports", appeal_id=view.appeal_id).sort("file", "sha256")
    names = [name for name in ("file", "format", "bytes", "sha256") if name in imports.columns]
    yield "inputs.json", json.dumps(imports.select(names).to_dicts(), indent=1).encode()
    for name, table in TABLES.items():
        rows = store.read(name) if table.measured else pl.DataFrame()
        if "appeal_id" in rows.columns:
            rows = rows.filter(
                pl.col("appeal_id").eq_missing(view.appeal_id) | pl.col("appeal_id").is_null()
            )
        if rows.height:
            yield from _table(name, rows.sort(table.key))


def _asked(inputs: dict[str, object]) -> dict[str, object]:
    return {name: inputs.get(name, 0) for name in ("seed", "trees")}


def _table(name: str, rows: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    parquet = io.BytesIO()
    rows.write_parquet(parquet)
    yield f"tables/{name}.parquet", parquet.getvalue()
    yield f"tables/{name}.csv", as_csv(rows, dict.fromkeys(rows.columns, "")).encode()
