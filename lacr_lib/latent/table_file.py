"""The .npz file of a table of latents: written while it grows, large ones read in place.

Plain arrays, stored without compression and without pickles; `numpy.load` reads them, too. Beside
the columns of `Latents` it holds `photo_mu` and `photo_log_var` (P, Z): means over the rows of each
photograph in `names`, NaN where it has none. `Latents.pooled` gives the same to who has a table.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from lacr_lib.errors import LacrError
from lacr_lib.inference.files import beside
from lacr_lib.latent.encode import Latents

MAPPED_FROM = 1_000_000_000  # bytes; a larger file stays on the disk until its rows are asked for
BLOCK = 1 << 16  # rows
OF_PHOTOGRAPH = ("kind", "scene", "exposure", "photograph")  # the same in all rows of a photograph
COLUMNS = tuple(field.name for field in fields(Latents))
POOLED = {"photo_mu": "mu", "photo_log_var": "log_var"}  # means a photograph


def save_latents(parts: Latents | Iterable[Latents], path: str | Path) -> tuple[int, int]:
    """Writes a table, or the parts that `encode_photos` gives, as they come; (rows, channels).

    Memory: one photograph at a time; disk: twice the file for a moment. The file appears whole or
    not at all. Errors: no rows; OSError.
    """
    path = Path(path)
    if isinstance(parts, Latents):
        parts = _photographs(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".lacr-") as folder:
        columns, counts = _write_columns(parts, Path(folder))
        rows = sum(counts)
        if not rows:
            raise LacrError("a table of latents without rows says nothing: give some photographs")
        with beside(path) as target, zipfile.ZipFile(target, "w") as archive:
            for name in (*COLUMNS, *POOLED):
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    blocks = _blocks(name, columns[name], counts)
                    first = next(blocks)
                    length = rows if name in COLUMNS and name != "names" else len(first)
                    _write_header(member, first.dtype, (length, *first.shape[1:]))
                    member.write(first.tobytes())
                    for block in blocks:
                        member.write(block.tobytes())
        channels = int(np.prod(columns["mu"][1]))
    return rows, channels


def load_latents(path: str | Path, mapped: bool | None = None) -> Latents:
    """Reads what `save_latents` wrote.

    mapped: leave the arrays on the disk, read-only, and read what is used (None: files over 1 GB).
    Errors: no such file, or not such a table.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAPPED_FROM if mapped is None else mapped:
            return Latents(**_mapped(path))
        with np.load(path, allow_pickle=False) as file:
            return Latents(**{name: file[name] for name in COLUMNS})
    except FileNotFoundError:
        raise LacrError(f"no file {path}: make it with `lacr latents`") from None
    except (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise LacrError(f"{path} is no table of latents: make one with `lacr latents`") from None


def _photographs(table: Latents) -> Iterator[Latents]:
    """A table as parts, in each of which all rows are of one photograph; names with the first."""
    change = np.zeros(len(table), bool)
    for name in OF_PHOTOGRAPH:
        values = getattr(table, name)
        values = values.view(np.int32) if name == "exposure" else values  # NaN is equal to NaN
        change[1:] |= values[1:] != values[:-1]
    none = table.names[:0]
    for number, rows in enumerate(np.split(np.arange(len(table)), np.flatnonzero(change))):
        part = table.select(rows)
        yield part if number == 0 else replace(part, names=none)


def _write_columns(parts: Iterable[Latents], folder: Path) -> tuple[dict[str, Any], list[int]]:
    """Rows into raw files, what is the same for a photograph into lists; and the rows of each."""
    columns: dict[str, Any] = {name: [] for name in OF_PHOTOGRAPH}
    names, counts, sums = [], [], []
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for part in parts:
            names.append(part.names)
            if not len(part):
                continue
            counts.append(len(part))
            sums.append([getattr(part, name).sum(axis=0, dtype=float) for name in POOLED.values()])
            for name in COLUMNS:
                values = getattr(part, name)
                if name in OF_PHOTOGRAPH:
                    columns[name].append(values[:1])
                elif name != "names":
                    if name not in files:
                        files[name] = stack.enter_context((folder / name).open("wb"))
                        columns[name] = (values.dtype, values.shape[1:], folder / name)
                    files[name].write(np.ascontiguousarray(values).tobytes())
    columns["names"] = np.concatenate(names) if names else np.array([], str)
    if counts:
        columns |= _pooled(np.concatenate(columns["photograph"]), counts, np.array(sums), names)
    return columns, counts


def _pooled(
    photograph: NDArray[np.int32], counts: list[int], sums: NDArray[np.float64], names: list[Any]
) -> dict[str, NDArray[np.float32]]:
    """Means a photograph of the sums of each part, (parts, 2, Z); a photograph may come in many."""
    total = np.zeros((sum(map(len, names)), *sums.shape[1:]))
    np.add.at(total, photograph, sums)
    rows = np.bincount(photograph, counts, len(total))
    with np.errstate(invalid="ignore"):
        means = (total.T / rows).T.astype(np.float32)
    return {name: means[:, i] for i, name in enumerate(POOLED)}


def _blocks(name: str, column: Any, counts: list[int]) -> Iterator[NDArray[Any]]:
    """A column of the table, some rows at a time."""
    if name == "names" or name in POOLED:
        yield column
    elif name in OF_PHOTOGRAPH:
        values = np.concatenate(column)  # one a photograph; texts get the width of the longest
        for value, count in zip(values, counts, strict=True):
            yield np.full(count, value, values.dtype)
    else:
        dtype, shape, file = column
        raw = np.memmap(file, dtype, "r").reshape(-1, *shape)
        for start in range(0, len(raw), BLOCK):
            yield np.asarray(raw[start : start + BLOCK])


def _write_header(file: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    about = {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(file, about)


def _mapped(path: Path) -> dict[str, NDArray[Any]]:
    """The columns as read-only maps of the file: members are stored, so their bytes lie in it."""
    columns: dict[str, NDArray[Any]] = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for name in COLUMNS:
            info = archive.getinfo(f"{name}.npy")
            file.seek(info.header_offset + 26)  # then: lengths of the name and of the extra field
            lengths = np.frombuffer(file.read(4), "<u2")
            file.seek(int(lengths.sum()), 1)
            if npy.read_magic(file) != (1, 0):
                raise ValueError("version")
            shape, _, dtype = npy.read_array_header_1_0(file)
            if dtype.hasobject:
                raise ValueError("pickled")
            columns[name] = np.memmap(path, dtype, "r", file.tell(), shape)
    return columns
