"""Proves, over generated histories, that the journal is one gapless order that survives refusals, replays and restarts.

Several writers share one SQLite file, as the API and the bridge's forwarder do.
"""

import tempfile
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, invariant, multiple, rule

from evidence import ids
from evidence.custody.log import leaf
from evidence.errors import EvidenceError
from evidence.statements import event
from evidence.statements.event import Recorded
from evidence.statements.statement import FIRST_PREV, Chain, Statement
from evidence.store.database.engine import open_engine
from evidence.store.journal.journal import SqlJournal
from tests.support.journal_history import Phone, founding, invitation
from tests.support.sizes import examples
from tests.support.waiting import patience


class Histories(RuleBasedStateMachine):
    """Statements good and bad, alone and in bursts, through two writers of one database."""

    phones: Bundle[Phone] = Bundle("phones")
    accepted: Bundle[Statement] = Bundle("accepted")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.url = f"sqlite:///{folder / 'journal.db'}"
        self.writers = [self.open(), self.open()]
        self.known: dict[ids.Sha256, Recorded] = {}
        self.enrolled: list[Phone] = []

    def open(self) -> SqlJournal:
        engine = open_engine(self.url)
        self.stack.callback(engine.dispose)
        journal = SqlJournal(engine)
        journal.start()
        self.stack.callback(journal.close)
        return journal

    def teardown(self) -> None:
        self.stack.close()

    def take(self, statement: Statement, writer: int = 0) -> Recorded:
        recorded = self.writers[writer].append(statement.envelope.to_bytes()).result(patience(10))
        assert self.known.setdefault(statement.id, recorded) == recorded
        return recorded

    def refused(self, statement: Statement, writer: int = 0) -> bool:
        future: Future[Recorded] = self.writers[writer].append(statement.envelope.to_bytes())
        return isinstance(future.exception(patience(10)), EvidenceError)

    @initialize()
    def found(self) -> None:
        for statement in founding():
            self.take(statement)

    @rule(target=phones, writer=st.integers(0, 1))
    def enrol(self, writer: int) -> Phone:
        phone = Phone()
        self.take(invitation(phone.one_time), writer)
        statement = phone.enrolment()
        self.take(statement, 1 - writer)
        phone.next = Chain(1, statement.id)
        self.enrolled.append(phone)
        return phone

    @rule(target=accepted, phone=phones, writer=st.integers(0, 1))
    def seal(self, phone: Phone, writer: int) -> Statement:
        statement = phone.seal(phone.next)
        self.take(statement, writer)
        phone.next = Chain(phone.next.seq + 1, statement.id)
        return statement

    @rule(target=accepted, phone=phones, writer=st.integers(0, 1), count=st.integers(2, 20))
    def burst(self, phone: Phone, writer: int, count: int) -> MultipleResults[Statement]:
        """Many at once, with a poisonous one among them: its neighbours are written."""
        made: list[Statement] = []
        futures: list[Future[Recorded]] = []
        poison: list[Future[Recorded]] = []
        for number in range(count):
            statement = phone.seal(phone.next)
            phone.next = Chain(phone.next.seq + 1, statement.id)
            made.append(statement)
            futures.append(self.writers[writer].append(statement.envelope.to_bytes()))
            if number == count // 2:
                bad = phone.seal(Chain(999, FIRST_PREV))
                poison.append(self.writers[writer].append(bad.envelope.to_bytes()))
        assert all(isinstance(future.exception(patience(10)), EvidenceError) for future in poison)
        for statement, future in zip(made, futures, strict=True):
            self.known[statement.id] = future.result(patience(10))
        return multiple(*made)

    @rule(phone=phones, jump=st.integers(-3, 3).filter(bool), writer=st.integers(0, 1))
    def out_of_order(self, phone: Phone, jump: int, writer: int) -> None:
        assert self.refused(phone.seal(Chain(max(0, phone.next.seq + jump), phone.next.prev)), writer)

    @rule(phone=phones, writer=st.integers(0, 1))
    def wrong_predecessor(self, phone: Phone, writer: int) -> None:
        assert self.refused(phone.seal(Chain(phone.next.seq, ids.Sha256("f" * 64))), writer)

    @rule(statement=accepted, writer=st.integers(0, 1))
    def replay(self, statement: Statement, writer: int) -> None:
        assert self.take(statement, writer) == self.known[statement.id]

    @rule(writer=st.integers(0, 1))
    def stranger(self, writer: int) -> None:
        assert self.refused(Phone().seal(Chain(0, FIRST_PREV)), writer)

    @rule(writer=st.integers(0, 1))
    def restart(self, writer: int) -> None:
        self.writers[writer].close()
        self.writers[writer] = self.open()

    @invariant()
    def one_gapless_order_that_holds_what_was_promised(self) -> None:
        stored = self.writers[0].read(limit=10_000)
        assert [one.index for one in stored] == list(range(len(stored)))
        assert {one.statement: one for one in stored} == self.known
        for one in stored:
            parsed = event.parse(one.event)
            assert (parsed.index, parsed.statement.id) == (one.index, one.statement)
            assert leaf.leaf_entry(one.salt, one.event) == one.leaf
        assert list(self.writers[1].leaves(0, len(stored))) == [one.leaf for one in stored]

    @invariant()
    def all_writers_know_the_same(self) -> None:
        kids = [phone.identity.kid for phone in self.enrolled]
        numbers = [writer.ask(lambda standing: [standing.chains[kid] for kid in kids]) for writer in self.writers]
        assert numbers[0] == numbers[1]


TestHistories = Histories.TestCase
TestHistories.settings = hypothesis_settings(max_examples=examples(12), stateful_step_count=20)
