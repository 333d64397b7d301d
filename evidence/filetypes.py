"""Types of files, read from their first bytes: the same on every machine, in Python and on the page.

A name proves nothing (`call.3gp` may be a film, `doorbell.ts` is no translation) and `/etc/mime.types` differs from
machine to machine. So the bytes come first, by a table of our own; a name decides only where bytes cannot. The page's
`core/filetypes.js` reads the same vectors (`tests/vectors/type.json`). Sources: ISO/IEC 14496-12 (boxes, brands of
mp4ra.org), RFC 9559 (Matroska), ISO/IEC 13818-1 (transport streams), RFC 4867 (AMR), IANA media types.
"""

import struct
from typing import Final, Literal

from evidence.boxes import ReadAt, inside

Kind = Literal["photo", "sound", "video", "file"]
UNKNOWN: Final = "application/octet-stream"
HEAD_BYTES: Final = 1024
"""All that a signature needs: the farthest is the fourth packet of a transport stream."""

_PREFIXES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"#!AMR-WB\n", "audio/AMR-WB"),
    (b"#!AMR\n", "audio/AMR"),
    (b"caff\x00\x01", "audio/x-caf"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv"),
    (b"%PDF-", "application/pdf"),
    (b"{\\rtf", "application/rtf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
)

_SYNC, _ADTS, _FRAME = 0xFF, 0b1111, 0b111
_PACKETS: Final = ((0, 188), (4, 192))
"""Where the first packet of a transport stream begins, and its size; on cards of cameras after four bytes of time."""

_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

_STILL_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
    b"crx ": "image/x-canon-cr3",
}
_SOUND_BRANDS: Final = frozenset({b"M4A ", b"M4B ", b"M4P ", b"F4A "})

_NAMES: Final = {
    "image/jpeg": "jpg jpeg jpe jfif",
    "image/png": "png",
    "image/gif": "gif",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/svg+xml": "svg",
    "video/mp4": "mp4 m4v",
    "video/quicktime": "mov qt",
    "video/3gpp": "3gp 3gpp",
    "video/3gpp2": "3g2",
    "video/webm": "webm",
    "video/matroska": "mkv",
    "video/x-msvideo": "avi",
    "video/mpeg": "mpg mpeg",
    "video/mp2t": "ts mts m2ts",
    "video/x-ms-wmv": "wmv",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a m4b",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/aac": "aac",
    "audio/AMR": "amr",
    "audio/AMR-WB": "awb",
    "audio/x-caf": "caf",
    "audio/webm": "weba",
    "audio/x-ms-wma": "wma",
    "text/plain": "txt log md",
    "text/csv": "csv",
    "text/html": "html htm",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "application/json": "json",
    "application/xml": "xml",
    "message/rfc822": "eml",
    "application/mbox": "mbox",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/zip": "zip",
    "application/gpx+xml": "gpx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/epub+zip": "epub",
    "application/vnd.android.package-archive": "apk",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-outlook": "msg",
}
_BY_NAME: Final = {ending: mime for mime, endings in _NAMES.items() for ending in endings.split()}

_REFINED: Final = {
    "application/zip": frozenset(["docx", "xlsx", "pptx", "odt", "ods", "epub", "apk"]),
    "application/x-ole-storage": frozenset(["doc", "xls", "msg"]),
    "video/x-ms-wmv": frozenset({"wma"}),
    "video/webm": frozenset({"weba"}),
}
"""Where the bytes name a wrapping that many types share, the ending says which; only one that fits this wrapping."""


def kind_of(mime: str) -> Kind:
    """Return what kind of item a type is; a drawing in SVG is a document that can hold scripts, so a file."""
    if mime == "image/svg+xml":
        return "file"
    kinds: dict[str, Kind] = {"image": "photo", "audio": "sound", "video": "video"}
    return kinds.get(mime.partition("/")[0], "file")


def type_of(read_at: ReadAt, name: str) -> str:
    """Return the media type of a file from its bytes, and from its name where those say nothing."""
    head = read_at(0, HEAD_BYTES)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    found = _from_bytes(head, read_at)
    if found is None:
        return _BY_NAME.get(ending, UNKNOWN)
    return _BY_NAME[ending] if ending in _REFINED.get(found, ()) else found


def _from_bytes(head: bytes, read_at: ReadAt) -> str | None:
    if head[4:8] == b"ftyp":
        return _boxed(head, read_at)
    if head[4:8] in {b"moov", b"mdat", b"wide"}:
        return "video/quicktime"  # QuickTime before it had brands
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    by_prefix = (mime for prefix, mime in _PREFIXES if head.startswith(prefix))
    return _wrapped(head) or next(by_prefix, None) or _sound_frame(head)


def _wrapped(head: bytes) -> str | None:
    """Return the type of what is wrapped in pieces, or has a mark that stands further on."""
    start = head[:64]
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in start else "video/matroska"
    if head[:4] == b"OggS":
        return "video/ogg" if b"\x80theora" in start else "audio/ogg"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "image/bmp"
    return "video/mp2t" if any(_has_packets(head, *form) for form in _PACKETS) else None


def _has_packets(head: bytes, first: int, size: int) -> bool:
    """Whether a sync byte stands where each of four packets begins."""
    return all(head[first + number * size :][:1] == b"G" for number in range(4))


def _sound_frame(head: bytes) -> str | None:
    """Return the type of sound that begins with the header of a frame: AAC (ADTS) or MPEG layer III."""
    if len(head) < 2 or head[0] != _SYNC:  # noqa: PLR2004 - the sync word
        return None
    version, layer = head[1] >> 3 & 0b11, head[1] >> 1 & 0b11
    if head[1] >> 4 == _ADTS and layer == 0:
        return "audio/aac"
    return "audio/mpeg" if head[1] >> 5 == _FRAME and layer == 1 and version != 1 else None  # version 1 is reserved


def _boxed(head: bytes, read_at: ReadAt) -> str:
    """Return the type of a file of boxes: brands first, then whether there is a picture among its tracks."""
    size = min(struct.unpack(">I", head[:4])[0], len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if brands[0] in _SOUND_BRANDS:
        return "audio/mp4"
    still = next((_STILL_BRANDS[brand] for brand in brands if brand in _STILL_BRANDS), None)
    if still is not None:
        return still
    if brands[0] == b"qt  ":
        return "video/quicktime"
    family = "3gpp2" if brands[0][:3] == b"3g2" else "3gpp" if brands[0][:3] == b"3gp" else "mp4"
    tracks = _tracks(read_at)
    return f"audio/{family}" if b"soun" in tracks and b"vide" not in tracks else f"video/{family}"


def _tracks(read_at: ReadAt) -> set[bytes]:
    """Return the handlers of the tracks (14496-12, 8.4.3), such as `vide` and `soun`; empty when there is no index."""
    handlers = inside(read_at, (b"moov", b"trak", b"mdia", b"hdlr"))
    return {read_at(box.start, 12)[8:] for box in handlers}
