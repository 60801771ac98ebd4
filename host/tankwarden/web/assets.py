"""The static files, read once at start and served from memory under an address that changes with their content.

`/static/<fingerprint>/css/base.css` may be kept by a browser for ever; modules import each other by relative paths and
so stay within one fingerprint, and an update of Tankwarden changes every address at once.
"""

import hashlib
import mimetypes
from pathlib import Path

from tankwarden.errors import TankwardenError
from tankwarden.web.responses import Body

STATIC = Path(__file__).resolve().parent / "static"
FOR_EVER = "public, max-age=31536000, immutable"
REQUIRED = ("vendor/pico.min.css", "vendor/uPlot.iife.min.js", "vendor/uPlot.min.css", "vendor/idiomorph.min.js")
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class AssetsMissingError(TankwardenError, FileNotFoundError):
    """The page's files are not where they should be: the copy was not built."""


class Assets:
    """Name -> content; `url(name)` for templates."""

    def __init__(self, folder: Path = STATIC) -> None:
        names = sorted(
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            raise AssetsMissingError(
                f"{folder}: {', '.join(missing)} missing: front-end assets are made when the package is built; "
                "run `pip install -e .` in the checkout, or reinstall tankwarden"
            )
        self._bodies = {name: Body((folder / name).read_bytes(), _media_type(name)) for name in names}
        digest = hashlib.blake2b(digest_size=6)
        for name, body in self._bodies.items():
            digest.update(name.encode() + b"\0" + body.data)
        self.fingerprint = digest.hexdigest()

    def url(self, name: str) -> str:
        """KeyError for a file that does not exist: a template named it wrongly."""
        if name not in self._bodies:
            raise KeyError(f"no static file {name!r}")
        return f"/static/{self.fingerprint}/{name}"

    def get(self, name: str) -> Body | None:
        return self._bodies.get(name)

    def cache_control(self, fingerprint: str) -> str:
        """Another fingerprint's address gets today's content, but must not keep it."""
        return FOR_EVER if fingerprint == self.fingerprint else "no-cache"


def _media_type(name: str) -> str:
    return TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
