"""Proves that the server's scrub knows where it was, counts each round anew, and believes no broken note."""

from datetime import timedelta
from pathlib import Path

from evidence import ids
from server.keeping.scrub_state import FOLDERS, Round, Rounds

WEEK = timedelta(days=7)
BEGUN = ids.Time("2026-11-22T02:00:00.000Z")
ENDED = ids.Time("2026-11-22T05:00:00.000Z")
A_WEEK_LATER = ids.Time("2026-11-29T05:00:00.000Z")


def test_a_round_counts_its_own_and_ends_after_the_last_folder() -> None:
    state = Round(unmended=9, finished_at=ids.Time("2026-11-01T00:00:00.000Z"))
    for number in range(FOLDERS):
        assert state.next_folder == number
        state = state.after_folder(number, 1 if number in {0, 7} else 0, ENDED)
    assert state == Round(next_folder=0, unmended=2, finished_at=ENDED)


def test_a_round_is_due_when_it_was_cut_short_or_long_ago() -> None:
    ended = Round(finished_at=ENDED)
    assert Round().is_due(BEGUN, WEEK)
    assert not ended.is_due(ENDED, WEEK)
    assert ended.is_due(A_WEEK_LATER, WEEK)
    assert ended.after_folder(0, 0, A_WEEK_LATER).is_due(ENDED, WEEK)


def test_the_note_is_kept_and_a_broken_one_means_a_new_round(tmp_path: Path) -> None:
    rounds = Rounds(tmp_path / "scrub.json")
    assert rounds.load() == Round()
    state = Round(next_folder=17, unmended=1, finished_at=ENDED)
    rounds.save(state)
    assert rounds.load() == state
    for broken in (b"", b"{", b"[]", b'{"v":1,"next_folder":999,"unmended":0}', b'{"v":2}'):
        rounds.path.write_bytes(broken)
        assert rounds.load() == Round()
