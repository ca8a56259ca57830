"""What lies in the tables about limits: what an hour has taken, one small item per wallet and hour."""

from __future__ import annotations

from contextlib import suppress

from chalicelib.domain.limits import Hour
from chalicelib.domain.times import DAY, to_ms
from chalicelib.services.ports import LostRace
from chalicelib.store.requests import Requests, key_of
from chalicelib.store.tables import HourItem, TableNames, hour_key

TAKEN, ASKED, TTL = HourItem.taken.attr_name, HourItem.asked.attr_name, HourItem.ttl.attr_name


class Limiting:
    """
    The part of the store that counts commands, and attempts at the payment provider.

    A count isn't conditional on what was read, so botocore's own retry after a lost answer may count twice: a slot
    more or less for an hour, and no credits.
    """

    requests: Requests
    names: TableNames

    def take_slot(self, wallet_id: str, hour: Hour, *, commands: int, attempts: int) -> bool:
        counted = ((TAKEN, commands, hour.commands), (ASKED, attempts, hour.attempts))
        wanted = [(name, more, most) for name, more, most in counted if more]
        values = {":ttl": {"N": str(to_ms(hour.ends_at + DAY) // 1000)}}
        for name, more, most in wanted:
            values |= {f":{name}": {"N": str(more)}, f":{name}_room": {"N": str(most - more)}}
        try:
            self.requests.update(
                self.names.usage,
                key_of(wallet_id, hour_key(hour.starts_at)),
                f"ADD {', '.join(f'#{name} :{name}' for name, _, _ in wanted)} SET #ttl = :ttl",
                " AND ".join(f"(attribute_not_exists(#{name}) OR #{name} <= :{name}_room)" for name, _, _ in wanted),
                values,
                names={"#ttl": TTL, **{f"#{name}": name for name, _, _ in wanted}},
            )
        except LostRace:
            return False
        return True

    def give_back_slot(self, wallet_id: str, hour: Hour) -> None:
        with suppress(LostRace):  # there is none to give back
            self.requests.update(
                self.names.usage,
                key_of(wallet_id, hour_key(hour.starts_at)),
                "ADD #taken :less",
                "#taken > :none",
                {":less": {"N": "-1"}, ":none": {"N": "0"}},
                names={"#taken": TAKEN},
            )
