"""A whole server with three time stamp authorities, one of them down: each head has two tokens, a bundle says so."""

from pathlib import Path

import httpx

from evidence.bundle.checking import trust
from evidence.bundle.checking.verify import verify
from evidence.custody.time import tsa_policy
from evidence.custody.time.development_tsa import DevelopmentTsa
from tests.support.incidents import incident
from tests.support.journey import Journey
from tests.support.server_process import serving
from tests.support.server_world import settings_in
from tests.support.tsa import RunningTsa, running
from tests.support.waiting import until


def test_two_vouch_while_the_third_is_down(tmp_path: Path) -> None:
    down = RunningTsa("http://127.0.0.1:1", DevelopmentTsa.create().root_pem)
    with running() as kpn, running() as police:
        named = {"kpn": kpn, "police": police, "down": down}
        lines = [f"tsa {name} {tsa_policy.fingerprint(one.root_pem)} {one.url}" for name, one in named.items()]
        (tmp_path / "tsas").write_text("\n".join([*lines, "quorum 2", ""]))
        (tmp_path / trust.TSA_ROOTS).write_bytes(b"".join(one.root_pem for one in named.values()))
        settings = settings_in(tmp_path / "data", tsa=str(tmp_path / "tsas"))
        journey = Journey(settings, tmp_path)
        photo = tmp_path / "photo.jpg"
        photo.write_bytes(bytes(20_000))
        try:
            journey.found()
            with serving(settings):
                journey.intake()
                journey.tell(incident("Het eerste"), photo, "deur.jpg")
                bundle = journey.export()
                with httpx.Client(base_url=settings.public_url) as http:
                    until(lambda: http.get("/api/v1/log/timestamps").json()["sizes"], "a head is stamped")
                    listed = http.get("/api/v1/log/timestamps").json()
                    path = f"/log/timestamps/{listed['sizes'][0]}"
                    tokens = {
                        name: http.get(f"{path}.tsr", params={"authority": name}).content for name in ("kpn", "police")
                    }
                    assert listed["authorities"] == ["kpn", "police"]
                    assert http.get(f"{path}.tsr").content in tokens.values()
                    assert http.get(f"{path}.tsr", params={"authority": "down"}).status_code == 404
                    assert http.get(f"{path}.tsr", params={"authority": "../../../secrets/log"}).status_code == 404
        finally:
            journey.close()
    assert len(set(tokens.values())) == 2
    report = verify(bundle, trust.load(journey.trust, bundle))
    assert report.exit_code == 0, report.failed
    assert {claim.values["authority"] for claim in report.claims if claim.code == "time"} == {"kpn", "police"}
