"""Hostile descriptions of photos and films: whatever the bytes, there is a type, and a claim that can be or none."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import edtf, filetypes
from evidence.envelope.parts import Camera
from server.clients.camera import exif, quicktime, reading, wrappings

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases").iterdir() if path.is_file())
DATA = {path.name: path.read_bytes() for path in CASES}


def check(data: bytes, name: str) -> None:
    def read_at(offset: int, size: int) -> bytes:
        assert offset >= 0
        assert size >= 0
        return data[offset : offset + size]

    mime = filetypes.type_of(read_at, name)
    check_claim(reading.read(read_at, mime))
    for reader in (exif.read, quicktime.read, lambda at: exif.read(wrappings.in_heif(at))):
        try:
            check_claim(reader(read_at))
        except AssertionError:
            raise
        except Exception:  # noqa: BLE001, S112 - `reading` answers for these; here only what they claim counts
            continue


def check_claim(camera: Camera | None) -> None:
    if camera is None:
        return
    assert (camera.taken is None) == (camera.taken_from is None)
    if camera.taken is not None:
        assert not edtf.parse(camera.taken).interval
    if camera.position is not None:
        latitude, longitude = float(camera.position.lat), float(camera.position.lon)
        assert -90 <= latitude <= 90
        assert -180 <= longitude <= 180
        assert (latitude, longitude) != (0, 0)


@given(st.binary(max_size=300), st.text(max_size=12))
def test_any_bytes(data: bytes, name: str) -> None:
    check(data, name)


@settings(max_examples=300)
@given(st.sampled_from(sorted(DATA)), st.data())
def test_a_real_file_with_a_piece_replaced(name: str, data: st.DataObject) -> None:
    original = DATA[name]
    at = data.draw(st.integers(0, min(len(original), 2000)))
    put, removed = data.draw(st.binary(max_size=16)), data.draw(st.integers(0, 16))
    check(original[:at] + put + original[at + removed :], name)
