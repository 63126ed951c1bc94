"""The project's code as one zip for executors on other machines. It does not ship dependencies."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

from headrace.local.checkout import ROOT


def package_zip(folder: Path) -> Path:
    """`folder`/headrace-<hash>.zip of lib/headrace as it is now; the same sources give the same file."""
    sources = sorted((ROOT / "lib" / "headrace").rglob("*.py"))
    names = [str(path.relative_to(ROOT / "lib")) for path in sources]
    bodies = [path.read_bytes() for path in sources]
    seen = hashlib.sha256()
    for name, body in zip(names, bodies, strict=True):
        seen.update(f"{name}\0{len(body)}\0".encode() + body)
    archive = folder / f"headrace-{seen.hexdigest()[:12]}.zip"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = archive.with_suffix(f".{os.getpid()}.draft")  # jobs that start together all make it
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, body in zip(names, bodies, strict=True):
                packed.writestr(zipfile.ZipInfo(name), body)
        draft.replace(archive)
    return archive
