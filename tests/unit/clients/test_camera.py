"""What cameras say: read rightly where it can be right, and nothing where it cannot. See `tests/cases`."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import edtf, filetypes
from evidence.envelope.parts import Camera, Position
from server.clients import attachments
from server.clients.camera import reading

CASES = Path(__file__).parents[2] / "cases"
TAKEN = "2026-05-06T21:30:00"


def said(name: str) -> Camera | None:
    return reading.read_file(CASES / name, attachments.type_of(CASES / name))


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("offset-99.jpg", TAKEN),
        ("offset-blank.jpg", TAKEN),
        ("offset-Z.jpg", f"{TAKEN}Z"),
        ("offset-short.jpg", f"{TAKEN}-05:00"),
        ("offset-nocolon.jpg", f"{TAKEN}+02:00"),
        ("time-dst-gap.jpg", "2026-03-29T02:30:00"),
    ],
)
def test_a_zone_counts_where_there_is_such_a_zone(name: str, taken: str) -> None:
    camera = said(name)
    assert camera is not None
    assert (camera.taken, camera.taken_from) == (taken, "DateTimeOriginal")


def test_the_time_of_digitising_is_used_and_said_to_be_that() -> None:
    camera = said("time-digitized-only.jpg")
    assert camera is not None
    assert camera.taken_from == "DateTimeDigitized"
    assert camera.taken is not None
    edtf.parse(camera.taken)


@pytest.mark.parametrize("name", ["gps-zero-over-zero.jpg", "gps-inf.jpg", "gps-out.jpg", "gps-noref.jpg"])
def test_a_place_is_not_made_from_nothing(name: str) -> None:
    camera = said(name)
    assert camera is None or camera.position is None


def test_lower_case_hemispheres_are_south_and_west() -> None:
    camera = said("gps-lower.jpg")
    assert camera is not None
    assert camera.position is not None
    assert (camera.position.lat[0], camera.position.lon[0]) == ("-", "-")


def test_a_film_says_when_and_where_in_apples_words() -> None:
    camera = said("IMG_0042.MOV")
    assert camera is not None
    assert (camera.taken, camera.taken_from) == (f"{TAKEN}+02:00", "com.apple.quicktime.creationdate")


def film(*inside: bytes) -> bytes:
    return box(b"ftyp", b"mp42", bytes(4)) + box(b"moov", box(b"mvhd", bytes(100)), *inside)


def apples(*, versioned: bool) -> bytes:
    said = {
        b"com.apple.quicktime.location.ISO6709": b"+39.0500-094.2900+250.100/",
        b"com.apple.quicktime.creationdate": b"2021-04-11T15:47:53-0500",
    }
    names = b"".join(struct.pack(">I", 8 + len(name)) + b"mdta" + name for name in said)
    values = [box(struct.pack(">I", at), box(b"data", bytes(8), value)) for at, value in enumerate(said.values(), 1)]
    keys = box(b"keys", struct.pack(">II", 0, len(said)), names)
    return box(b"meta", bytes(4) * versioned, box(b"hdlr", bytes(8), b"mdta"), keys, box(b"ilst", *values))


@pytest.mark.parametrize("versioned", [True, False])
def test_an_iphones_film_says_when_and_where(*, versioned: bool) -> None:
    camera = read(film(apples(versioned=versioned)), "a.mov")
    place = Position("39.050000", "-94.290000")
    assert camera == Camera(edtf.Edtf("2021-04-11T15:47:53-05:00"), "com.apple.quicktime.creationdate", place)


def test_an_androids_film_says_where_and_its_clock_is_not_guessed() -> None:
    camera = read(film(box(b"udta", box(b"\xa9xyz", b"\x00\x12\x15\xc7+52.3676+004.9041/"))), "a.mp4")
    assert camera == Camera(position=Position("52.367600", "4.904100"))


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir() if path.is_file()))
def test_no_file_is_kept_from_being_described(name: str) -> None:
    """200 megapixels, cut off, empty, of an odd type: each is described, and never as something that happened."""
    mime = attachments.type_of(CASES / name)
    meta = attachments.describe(CASES / name, mime, name, "", None)
    assert (meta.kind, meta.happened) == (filetypes.kind_of(mime), None)


KINDS = {
    "call.3gp": ("video/3gpp", "video"),
    "doorbell.ts": ("video/mp2t", "video"),
    "voicemail.amr": ("audio/AMR", "sound"),
    "gray16.tif": ("image/tiff", "photo"),
    "IMG_0042.MOV": ("video/quicktime", "video"),
    "leeg.mp4": ("video/mp4", "video"),
    "truncated.jpg": ("image/jpeg", "photo"),
}


@pytest.mark.parametrize("name", KINDS)
def test_real_files_have_the_type_that_their_bytes_say(name: str) -> None:
    mime = attachments.type_of(CASES / name)
    assert (mime, filetypes.kind_of(mime)) == KINDS[name]


# A block of EXIF, written by hand, in every wrapping that is read.


def rationals(*numbers: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("<II", *one) for one in numbers)


def directory(at: int, *fields: tuple[int, int, int, bytes]) -> bytes:
    """One directory at `at`: its entries, and behind it what does not fit into four bytes."""
    entries, rest = b"", b""
    behind = at + 2 + 12 * len(fields) + 4
    for tag, kind, count, data in fields:
        place = data.ljust(4, b"\x00") if len(data) <= 4 else struct.pack("<I", behind + len(rest))
        rest += data if len(data) > 4 else b""
        entries += struct.pack("<HHI", tag, kind, count) + place
    return struct.pack("<H", len(fields)) + entries + bytes(4) + rest


def block(
    time: bytes = b"2026:05:06 21:30:00\x00",
    zone: bytes = b"+02:00\x00",
    latitude: tuple[tuple[int, int], ...] = ((51, 1), (56, 1), (30, 1)),
    hemispheres: tuple[bytes, bytes] = (b"N\x00", b"E\x00"),
    *,
    longitude: tuple[tuple[int, int], ...] = ((4, 1), (27, 1), (0, 1)),
    accuracy: tuple[int, int] = (85, 10),
) -> bytes:
    exif_at = 8 + 2 + 2 * 12 + 4
    details = directory(exif_at, (0x9003, 2, len(time), time), (0x9011, 2, len(zone), zone))
    gps_at = exif_at + len(details)
    place = directory(
        gps_at,
        (1, 2, 2, hemispheres[0]),
        (2, 5, len(latitude), rationals(*latitude)),
        (3, 2, 2, hemispheres[1]),
        (4, 5, len(longitude), rationals(*longitude)),
        (31, 5, 1, rationals(accuracy)),
    )
    first = directory(8, (0x8769, 4, 1, struct.pack("<I", exif_at)), (0x8825, 4, 1, struct.pack("<I", gps_at)))
    return b"II*\x00" + struct.pack("<I", 8) + first + details + place


def box(kind: bytes, *inside: bytes) -> bytes:
    data = b"".join(inside)
    return struct.pack(">I4s", 8 + len(data), kind) + data


def jpeg(exif: bytes) -> bytes:
    segment = b"Exif\x00\x00" + exif
    return b"\xff\xd8\xff\xe0\x00\x04JF\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + b"\xff\xda"


def png(exif: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I4s", len(data), kind) + data + bytes(4) for kind, data in ((b"IHDR", bytes(13)), (b"eXIf", exif))
    )


def webp(exif: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + b"".join(
        kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
        for kind, data in ((b"VP8X", bytes(9)), (b"EXIF", b"Exif\x00\x00" + exif))
    )


def heic(exif: bytes) -> bytes:
    """As an iPhone writes it: an index of items, a place for each, and the block behind a length of four bytes."""
    item = struct.pack(">I", 6) + b"Exif\x00\x00" + exif
    entries = [
        box(b"infe", b"\x02\x00\x00\x00", struct.pack(">HH", number, 0), kind, b"\x00")
        for number, kind in ((1, b"hvc1"), (7, b"Exif"))
    ]

    def meta(start: int) -> bytes:
        places = struct.pack(">HHHIIHHHII", 1, 0, 1, 0, 0, 7, 0, 1, start, len(item))
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict"),
            box(b"iinf", bytes(4), struct.pack(">H", 2), *entries),
            box(b"iloc", bytes(4), b"\x44\x00", struct.pack(">H", 2), places),
        )

    head = box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", item)


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "a.jpg": jpeg,
    "a.png": png,
    "a.webp": webp,
    "a.heic": heic,
    "a.tif": lambda exif: exif,
}


def read(data: bytes, name: str = "a.tif") -> Camera | None:
    def read_at(offset: int, size: int) -> bytes:
        return data[offset : offset + size]

    return reading.read(read_at, filetypes.type_of(read_at, name))


@pytest.mark.parametrize("name", WRAPPINGS)
def test_the_same_block_is_found_in_every_wrapping(name: str) -> None:
    expected = Camera(
        edtf.Edtf("2026-05-06T21:30:00+02:00"), "DateTimeOriginal", Position("51.941667", "4.450000", accuracy_m=9)
    )
    assert read(WRAPPINGS[name](block()), name) == expected


@pytest.mark.parametrize(
    ("time", "zone", "taken"),
    [
        (b"2026:05:06 24:00:00\x00", b"+02:00\x00", None),
        (b"2026:05:06 21:30:60\x00", b"+02:00\x00", None),
        (b"0000:00:00 00:00:00\x00", b"+02:00\x00", None),
        (b"    :  :     :  :  \x00", b"+02:00\x00", None),
        (b"2026:02:30 21:30:00\x00", b"+02:00\x00", None),
        (b"2026-05-06T21:30:00\x00", b"", TAKEN),
        (b"2026:05:06 21:30:00Z\x00", b"+02:00\x00", f"{TAKEN}Z"),
        (b"2026:05:06 21:30:00\x00", b"-00:00\x00", TAKEN),
        (b"2026:05:06 21:30:00\x00", b"+24:00\x00", TAKEN),
        (b"2026:05:06 21:30:00\x00", b"gisteren\x00", TAKEN),
        (b"2026:05:06 21:30:00\x00", b"+9\x00", TAKEN),
    ],
)
def test_times_that_cannot_be_are_none(time: bytes, zone: bytes, taken: str | None) -> None:
    camera = read(block(time, zone))
    assert camera is not None
    assert camera.taken == taken
    assert camera.position is not None, "one bad field costs that field"


PLACES: dict[str, dict[str, object]] = {
    "0,0 in the ocean": {"latitude": ((0, 1),) * 3, "longitude": ((0, 1),) * 3},
    "two numbers": {"latitude": ((51, 1), (56, 1))},
    "91 degrees": {"latitude": ((91, 1), (0, 1), (0, 1))},
    "70 minutes": {"latitude": ((51, 1), (70, 1), (0, 1))},
    "nothing over nothing": {"longitude": ((4, 1), (0, 0), (0, 1))},
    "no such hemisphere": {"hemispheres": (b"N\x00", b"X\x00")},
    "empty hemisphere": {"hemispheres": (b"\x00\x00", b"E\x00")},
}


@pytest.mark.parametrize("name", PLACES)
def test_places_that_cannot_be_are_none(name: str) -> None:
    camera = read(block(**PLACES[name]))  # type: ignore[arg-type] # the table above
    assert camera is not None
    assert camera.position is None
    assert camera.taken is not None, "one bad field costs that field"


@pytest.mark.parametrize(("accuracy", "metres"), [((0, 1), None), ((1, 0), None), ((10**9, 1), None), ((3, 2), 2)])
def test_an_accuracy_is_metres_rounded_up_or_none(accuracy: tuple[int, int], metres: int | None) -> None:
    camera = read(block(accuracy=accuracy))
    assert camera is not None
    assert camera.position is not None
    assert camera.position.accuracy_m == metres
