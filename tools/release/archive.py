"""Files whose bytes depend on nothing but their content: zip files of programs, the archive of a release."""

import gzip
import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

# The earliest that a zip file can say. A function whose program is the same has the same zip file in every
# release, and is not deployed again.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def mode(path: Path) -> int:
    """The permissions of a file, whatever the umask is: it can be read, and run if its owner can."""
    return 0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644


def zipped(name: str, content: bytes) -> bytes:
    """A zip file with one program in it."""
    entry = zipfile.ZipInfo(name, ZIP_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, so that the permissions count
    entry.external_attr = (stat.S_IFREG | 0o755) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compresslevel=9) as archive:
        archive.writestr(entry, content)
    return file.getvalue()


def files(folder: Path) -> list[Path]:
    """The files below a folder, sorted by path."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def checksums(folder: Path) -> str:
    """The lines of `SHA256SUMS`, as `sha256sum --check` reads them."""
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files(folder)
    )
    return "".join(lines)


def packed(folder: Path, seconds: int) -> bytes:
    """The archive of a folder, with its name as the first part of each path; all is of one time."""
    file = io.BytesIO()
    # Neither a name nor a time of its own in the head of the compressed file.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=9, mtime=0) as compressed,
        tarfile.open(mode="w", fileobj=compressed, format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in sorted([folder, *folder.rglob("*")]):
            entry = tarfile.TarInfo(path.relative_to(folder.parent).as_posix())
            entry.mtime, entry.mode = seconds, mode(path)
            entry.uname = entry.gname = "root"
            if path.is_dir():
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            else:
                content = path.read_bytes()
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()
