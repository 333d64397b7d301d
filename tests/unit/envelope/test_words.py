"""Words of the members of a description: each member has them in two languages, and nothing else does."""

from evidence.envelope import words
from evidence.envelope.meta import KINDS


def test_every_member_of_every_kind_has_words_and_no_other() -> None:
    assert words.every_path().keys() == words.MEMBERS.keys()
    assert all(dutch and english for dutch, english in words.MEMBERS.values())


def test_every_answer_of_a_member_that_has_only_so_many_has_words() -> None:
    elsewhere = {"kind", "source", "severity", "card.suspect.picture.mime"}  # words of the page, and a type of a file
    answers = {one for path, hint in words.every_path().items() if path not in elsewhere for one in words.choices(hint)}
    assert answers == words.VALUES.keys()


def test_no_two_members_of_a_kind_are_called_the_same() -> None:
    for kind, cls in KINDS.items():
        for place in (0, 1):
            said = [
                (path.rpartition(".")[0], words.MEMBERS[path][place])
                for path, _ in words.paths(cls)
            ]  # fmt: skip
            assert len(set(said)) == len(said), kind
