"""Vectors of types of files (`evidence/filetypes.py`): what is written here by hand must come out everywhere."""

import struct
from typing import Final

from tests.vectors.operations import b64
from tests.vectors.parts import Vector, gives


def _box(kind: bytes, *inside: bytes) -> bytes:
    data = b"".join(inside)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def _wide_box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, kind, 16 + len(data)) + data


def _ftyp(major: bytes, *compatible: bytes) -> bytes:
    return _box(b"ftyp", major, bytes(4), *compatible)


def _moov(*handlers: bytes) -> bytes:
    tracks = [_box(b"trak", _box(b"mdia", _box(b"hdlr", bytes(8), one, bytes(12)))) for one in handlers]
    return _box(b"moov", _box(b"mvhd", bytes(100)), *tracks)


def _packets(size: int, lead: int = 0, count: int = 4) -> bytes:
    return (bytes(lead) + b"\x47" + bytes(size - lead - 1)) * count


_MP4: Final = _ftyp(b"isom", b"isom", b"iso2", b"avc1", b"mp41")
_3GP: Final = _ftyp(b"3gp4", b"isom", b"3gp4")
_EBML: Final = b"\x1a\x45\xdf\xa3\x93\x42\x82"
_OGG: Final = b"OggS" + bytes(24)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

FILES: Final[dict[str, tuple[str, bytes, str, str]]] = {
    "a photo": ("a.jpg", b"\xff\xd8\xff\xe1\x00\x18Exif", "image/jpeg", "photo"),
    "a photo by another name": ("a.txt", b"\xff\xd8\xff\xe0", "image/jpeg", "photo"),
    "a photo cut off after three bytes": ("a", b"\xff\xd8\xff", "image/jpeg", "photo"),
    "a screenshot": ("a.png", b"\x89PNG\r\n\x1a\n", "image/png", "photo"),
    "a moving picture": ("a.gif", b"GIF89a", "image/gif", "photo"),
    "a scan": ("a.tif", b"II*\x00\x08\x00\x00\x00", "image/tiff", "photo"),
    "a scan, other byte order": ("a.tif", b"MM\x00*", "image/tiff", "photo"),
    "WebP": ("a.webp", b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp", "photo"),
    "a bitmap": ("a.bmp", b"BM\x46\x00\x00\x00\x00\x00\x00\x00", "image/bmp", "photo"),
    "an iPhone's photo": ("IMG_5195.HEIC", _ftyp(b"heic", b"mif1", b"heic"), "image/heic", "photo"),
    "HEIC under the general brand": ("a.heic", _ftyp(b"mif1", b"mif1", b"heic"), "image/heif", "photo"),
    "AVIF": ("a.avif", _ftyp(b"avif", b"mif1", b"miaf"), "image/avif", "photo"),
    "an iPhone's film": ("a.MOV", _ftyp(b"qt  ", b"qt  ") + _moov(b"vide"), "video/quicktime", "video"),
    "QuickTime without brands": ("a.mov", _box(b"moov"), "video/quicktime", "video"),
    "a film": ("a.mp4", _MP4 + _moov(b"vide", b"soun"), "video/mp4", "video"),
    "a film with its index at the end": (
        "a.mp4",
        _MP4 + _box(b"mdat", bytes(99)) + _moov(b"vide"),
        "video/mp4",
        "video",
    ),
    "a film after a box with a size of 64 bits": (
        *("a.mp4", _MP4 + _wide_box(b"mdat", bytes(9)) + _moov(b"soun"), "audio/mp4", "sound"),
    ),
    "a film without an index": ("a.mp4", _MP4, "video/mp4", "video"),
    "a film whose index is cut off": ("a.mp4", (_MP4 + _moov(b"soun"))[:-30], "video/mp4", "video"),
    "a box with no size": ("a.mp4", _MP4 + bytes(32), "video/mp4", "video"),
    "a box that is too large to be": ("a.mp4", _MP4 + struct.pack(">I4sQ", 1, b"mdat", 2**63), "video/mp4", "video"),
    "an index until the end of the file": (
        *("a.mp4", _MP4 + struct.pack(">I", 0) + _moov(b"soun")[4:], "audio/mp4", "sound"),
    ),
    "a voice memo": ("a.m4a", _ftyp(b"M4A ", b"M4A ", b"isom"), "audio/mp4", "sound"),
    "sound in MP4": ("a.mp4", _MP4 + _moov(b"soun"), "audio/mp4", "sound"),
    "a call that was filmed": ("call.3gp", _3GP + _moov(b"vide"), "video/3gpp", "video"),
    "a call that was recorded": ("call.3gp", _3GP + _moov(b"soun"), "audio/3gpp", "sound"),
    "3GPP2": ("a.3g2", _ftyp(b"3g2a") + _moov(b"soun", b"vide"), "video/3gpp2", "video"),
    "a doorbell's film": ("doorbell.ts", _packets(188), "video/mp2t", "video"),
    "a camera card's film": ("a.m2ts", _packets(192, 4), "video/mp2t", "video"),
    "a translation": ("nl.txt", b"G<?xml version", "text/plain", "file"),
    "three packets are none": ("a.bin", _packets(188, count=3), "application/octet-stream", "file"),
    "WebM": ("a.webm", _EBML + b"\x84webm", "video/webm", "video"),
    "sound in WebM": ("a.weba", _EBML + b"\x84webm", "audio/webm", "sound"),
    "Matroska": ("a.webm", _EBML + b"\x88matroska", "video/matroska", "video"),
    "AVI": ("a.avi", b"RIFF\x24\x00\x00\x00AVI LIST", "video/x-msvideo", "video"),
    "MPEG": ("a.mpg", b"\x00\x00\x01\xba", "video/mpeg", "video"),
    "Windows Media": ("a.wmv", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv", "video"),
    "Windows Media, sound": ("a.wma", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma", "sound"),
    "a voicemail": ("a.amr", b"#!AMR\n\x3c", "audio/AMR", "sound"),
    "a voicemail, wide band": ("a.amr", b"#!AMR-WB\n\x3c", "audio/AMR-WB", "sound"),
    "WAV": ("a.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav", "sound"),
    "RIFF of another kind": ("a.ani", b"RIFF\x24\x00\x00\x00ACON", "application/octet-stream", "file"),
    "MP3 with a label": ("a.mp3", b"ID3\x04", "audio/mpeg", "sound"),
    "MP3": ("a.mp3", b"\xff\xfb\x90\x64", "audio/mpeg", "sound"),
    "AAC": ("a.aac", b"\xff\xf1\x50\x80", "audio/aac", "sound"),
    "no sound": ("a.bin", b"\xff\xff\xff\xff", "application/octet-stream", "file"),
    "text in UTF-16": ("a.txt", b"\xff\xfeh\x00o\x00i\x00", "text/plain", "file"),
    "a WhatsApp message": ("PTT.opus", _OGG + b"OpusHead", "audio/ogg", "sound"),
    "Theora": ("a.ogg", _OGG + b"\x80theora", "video/ogg", "video"),
    "FLAC": ("a.flac", b"fLaC", "audio/flac", "sound"),
    "an iPhone's alert": ("a.caf", b"caff\x00\x01\x00\x00", "audio/x-caf", "sound"),
    "a letter": ("a.pdf", b"%PDF-1.7", "application/pdf", "file"),
    "a chat": ("a.zip", b"PK\x03\x04", "application/zip", "file"),
    "an empty archive": ("a.zip", b"PK\x05\x06", "application/zip", "file"),
    "a document": (
        *("a.docx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "file"),
    ),
    "an archive that calls itself a photo": ("a.jpg", b"PK\x03\x04", "application/zip", "file"),
    "an old document": ("a.doc", _OLE, "application/msword", "file"),
    "an old wrapping": ("a.jpg", _OLE, "application/x-ole-storage", "file"),
    "packed, whatever is inside": ("a.jpg.gz", b"\x1f\x8b\x08", "application/gzip", "file"),
    "a database": ("a.db", b"SQLite format 3\x00", "application/vnd.sqlite3", "file"),
    "by name": ("a.csv", b"naam;tijd\n", "text/csv", "file"),
    "by name, in capitals": ("CHAT.TXT", b"hoi", "text/plain", "file"),
    "a page": ("a.html", b"<!doctype html>", "text/html", "file"),
    "a drawing that can hold scripts": ("a.svg", b"<svg xmlns", "image/svg+xml", "file"),
    "a mail": ("a.eml", b"From: a@example.org", "message/rfc822", "file"),
    "nothing is known": ("a.xyz", b"abc", "application/octet-stream", "file"),
    "no ending": ("README", b"abc", "application/octet-stream", "file"),
    "an ending alone": (".jpg", b"abc", "image/jpeg", "photo"),
    "a member that every object has": ("a.constructor", b"abc", "application/octet-stream", "file"),
    "no bytes": ("a.mp4", b"", "video/mp4", "video"),
    "no bytes, no name": ("", b"", "application/octet-stream", "file"),
    "a head of boxes, cut off": ("a.mp4", b"\x00\x00\x00\x18ftyp", "video/mp4", "video"),
}


def vectors() -> list[Vector]:
    """Return all of them."""
    return [
        gives(about, "type of file", {"name": name, "bytes": b64(data)}, {"mime": mime, "kind": kind})
        for about, (name, data, mime, kind) in FILES.items()
    ]
