"""The libraries in the browser are the reviewed ones: a changed, missing or extra file is named and refused."""

from pathlib import Path

import pytest

from server.web import assets, vendor


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    vendor.copy(vendor.vendor_files(), tmp_path)
    return tmp_path


def test_what_npm_installed_is_what_the_hashes_name() -> None:
    assert vendor.differences(vendor.needed_files(), vendor.read_hashes()) == []
    assert vendor.main(["--check"]) == 0


def test_a_changed_file_is_named_and_the_pages_are_not_served(copied: Path) -> None:
    (copied / "lit-html/lit-html.js").write_bytes(b"export const html = steal;")

    (line,) = vendor.differences(vendor.vendor_files(copied), vendor.read_hashes())

    assert line.startswith("lit-html/lit-html.js: changed, ")
    with pytest.raises(assets.AssetError, match=r"lit-html/lit-html\.js"):
        assets.build(libraries=copied)


def test_a_missing_and_an_extra_file_are_named(copied: Path) -> None:
    (copied / "lit/index.js").unlink()
    (copied / "extra.js").write_bytes(b"")

    lines = vendor.differences(vendor.vendor_files(copied), vendor.read_hashes())

    assert lines == ["lit/index.js: missing", "extra.js: not in vendor.sha256"]


def test_a_library_that_imports_something_new_is_refused(tmp_path: Path) -> None:
    for name, content in vendor.needed_files().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content + (b'\nimport "left-pad";\n' if name == "lit/index.js" else b""))

    with pytest.raises(vendor.VendorError, match=r"lit/index\.js imports left-pad"):
        vendor.needed_files(tmp_path)


def test_imports_are_read_as_they_are_written_and_small_and_words_are_not() -> None:
    written = b"""/** Words of import "no/more". */
import * as one from "./one.js";
import {
  two, three as four,
} from './two.js';
  import "./three.js";
export * from "./four.js"
if (said !== "export") throw new FormatError("this is no export"); salts.set("five", 5);
if (other) throw new FormatError("this is no import");
salts.set(event.index, need(bag, "proof/export-salt.txt"));
"""
    small = (
        b'/* its license */import{a as b}from"lit";import"./c.js";export{d}from"./d.js";class E{}export*from"./e.js";'
    )

    assert vendor.imports_of(written) == ["./one.js", "./two.js", "./three.js", "./four.js"]
    assert vendor.imports_of(small) == ["lit", "./c.js", "./d.js", "./e.js"]


def test_every_module_of_ours_imports_only_what_the_import_map_names() -> None:
    for path in assets.STATIC.rglob("*.js"):
        for specifier in vendor.imports_of(path.read_bytes()):
            if specifier.startswith("."):
                assert (path.parent / specifier).is_file(), f"{path.name} imports {specifier}"
            else:
                assert specifier in vendor.SPECIFIERS, f"{path.name} imports {specifier}"


def test_both_languages_have_the_same_messages() -> None:
    def names(language: str) -> list[str]:
        lines = (assets.STATIC / f"locales/{language}.ftl").read_text("utf-8").splitlines()
        return sorted(line.partition(" =")[0] for line in lines if " = " in line and line[0].isalpha())

    dutch = names("nl")
    assert dutch == names("en")
    assert len(dutch) == len(set(dutch)) > 200
    assert not any("!" in line for line in (assets.STATIC / "locales/nl.ftl").read_text("utf-8").splitlines())
