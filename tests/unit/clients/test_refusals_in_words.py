"""What a server refuses reaches a person in her language, with what is wrong: to announce it is not enough."""

import json
import os

import httpx
import pytest

from server.clients.http import Api, _problem, reader_language


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "nl_NL.UTF-8"}, "nl"),
        ({"LANG": "nl"}, "nl"),
        ({"LANG": "nl_NL.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "nl_BE"}, "nl"),
        ({"LANG": "nlx"}, "en"),
        ({}, "en"),
    ],
)
def test_the_servers_words_are_asked_for_in_the_language_of_the_reader(
    environment: dict[str, str], language: str
) -> None:
    assert reader_language(environment) == language


def test_every_request_asks_for_that_language() -> None:
    api = Api("http://127.0.0.1:9")

    assert api._http.headers["accept-language"] == reader_language(os.environ)
    api.close()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"errors": [{"where": "body.ground", "what": "too short"}, {"where": "body.x", "what": "unknown"}]},
         "Something is wrong. It is said here. (body.ground: too short; body.x: unknown)"),
        ({"reason": "an empty ground"}, "Something is wrong. It is said here. (an empty ground)"),
        ({}, "Something is wrong. It is said here."),
        ({"errors": "nonsense", "reason": 7}, "Something is wrong. It is said here. (7)"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong(more: dict[str, object], said: str) -> None:
    document = {"title": "Something is wrong", "detail": "It is said here.", **more}

    assert str(_problem(httpx.Response(422, content=json.dumps(document)))) == said
