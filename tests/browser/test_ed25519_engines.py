"""The twelve Ed25519 signatures about which libraries differ, in three engines: one answer in each.

Put to the rule with libsodium, as the pages use it, and to the rule with the engine's own WebCrypto.
"""

import json

import pytest

from tests.support.engines import UNTIL
from tests.support.stand_in import StandIn
from tests.support.three_engines import Engine, engine
from tests.support.weak_signatures import CASES

__all__ = ["engine"]  # a fixture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

ASK = """
  const { mayHold } = await import("/web/core/ed25519.js");
  const { verify } = await import("/web/core/sodium.js");
  const { fromHex } = await import("/web/core/bytes.js");
  const bytes = (text) => fromHex(text, text.length / 2);
  const said = [];
  for (const { key, msg, sig } of %s) {
    const [by, over, signature] = [bytes(key), bytes(msg), bytes(sig)];
    let page = true;
    try {
      verify(by, over, signature);
    } catch {
      page = false;
    }
    let engine = mayHold(by, signature);
    if (engine) {
      const imported = await crypto.subtle.importKey("raw", by, "Ed25519", false, ["verify"]);
      engine = await crypto.subtle.verify("Ed25519", imported, signature, over);
    }
    said.push([page, engine]);
  }
  return said;
"""


async def test_each_engine_says_what_is_written(engine: Engine, server: StandIn) -> None:
    _, opened = engine
    async with opened() as window:
        await window.go(f"{server.url}/review")
        # WebKit gives a module that still waits for its library to whoever imports it a second time.
        await window.ask(UNTIL % "document.querySelector('#handle')")
        said = await window.ask(ASK % json.dumps(CASES))
        assert said == [[case["expect"], case["expect"]] for case in CASES]
