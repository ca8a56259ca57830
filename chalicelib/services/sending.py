"""
Sending messages: each is claimed before it is sent and noted after, so that two jobs at once send it once.

Only a process that dies between sending and noting makes a message come again, once, under the same id. A channel
that fails, however it fails, is tried again with growing pauses, the others are not repeated; after the last attempt
the message is parked where operators see it. No wallet is touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.contacts import recipient_of
from chalicelib.domain.messages import Recipient
from chalicelib.services.ports import LostRace, Notices, NotSent, OutcomeUnknown, Outgoing, Throttled
from chalicelib.services.rounds import Errand, Report, go_round, persist

CLAIMED_FOR = timedelta(minutes=5)  # much longer than sending can take
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=6)
MOST_ATTEMPTS = 10  # over about a day


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs beside an errand."""

    errand: Errand
    notices: Notices


def send_due(post: Post, report: Report | None = None) -> Report:
    """Send the messages that wait, each once however often this runs."""
    report = report or Report()
    report.counts.update({"sent": 0, "later": 0, "parked": 0})

    def send(wallet_id: str, message_id: str) -> None:
        try:
            report.counts[_send_one(post, wallet_id, message_id)] += 1
        except LostRace:
            report.counts["elsewhere"] += 1

    go_round(post.errand, post.errand.store.due_messages, send, report)
    return report


def _send_one(post: Post, wallet_id: str, message_id: str) -> str:
    store, now = post.errand.store, post.errand.stamp().now
    found = store.outgoing(wallet_id, message_id)
    if found is None or found.due_at is None or found.due_at > now:
        raise LostRace("sent or claimed by another")
    claimed = replace(found, version=found.version + 1, due_at=now + CLAIMED_FOR, attempts=found.attempts + 1)
    store.keep_outgoing(claimed)
    to = recipient_of(store.contact(wallet_id), store.known_addresses(wallet_id))
    after = _tried(post, claimed, to, now)
    _note(post.errand, replace(after, version=claimed.version + 1))
    return "parked" if after.parked else "sent" if after.sent_at else "later"


def _note(errand: Errand, after: Outgoing) -> None:
    """Write down what became of a message, if need be several times: what isn't noted would be sent again."""
    store, message = errand.store, after.message

    def note_unless_noted() -> bool:
        there = store.outgoing(message.wallet_id, message.message_id)
        if there and there.version < after.version:
            store.keep_outgoing(after)
        return False

    try:
        store.keep_outgoing(after)
    except (LostRace, Throttled, OutcomeUnknown):
        persist(errand, note_unless_noted)


def _tried(post: Post, outgoing: Outgoing, to: Recipient, now: datetime) -> Outgoing:
    """Try the channels that have not taken the message yet, and say how it stands then."""
    sent, reasons = list(outgoing.sent), []
    channels = post.notices.channels(to)
    for channel in channels:
        if channel in sent:
            continue
        try:
            post.notices.send(channel, outgoing.message, to, now=now)
            sent.append(channel)
        except NotSent as failed:
            reasons.append(f"{channel}: {failed}")
        except Exception as failed:  # noqa: BLE001 - unnoted, what the other channels took would be sent without end
            reasons.append(f"{channel}: {type(failed).__name__}")  # its text may name an address
    known = replace(outgoing, sent=tuple(sent))
    if channels and not reasons:
        return replace(known, due_at=None, sent_at=now)
    return _later(post, known, "; ".join(reasons) or "no address is known", now)


def _later(post: Post, outgoing: Outgoing, reason: str, now: datetime) -> Outgoing:
    pause = min(FIRST_PAUSE * 2 ** min(outgoing.attempts - 1, MOST_ATTEMPTS), LONGEST_PAUSE)
    if outgoing.attempts < MOST_ATTEMPTS:
        return replace(outgoing, due_at=now + pause)
    try:
        post.notices.park(outgoing.message, reason)
    except NotSent:
        return replace(outgoing, due_at=now + pause)
    return replace(outgoing, due_at=None, parked=reason)
