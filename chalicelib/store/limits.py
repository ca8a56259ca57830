"""What lies in the tables about limits: how many commands an hour has taken, one small item per wallet and hour."""

from __future__ import annotations

from contextlib import suppress

from chalicelib.domain.limits import Hour
from chalicelib.domain.times import DAY, to_ms
from chalicelib.services.ports import LostRace
from chalicelib.store.requests import Requests, key_of
from chalicelib.store.tables import HourItem, TableNames, hour_key

TAKEN, TTL = HourItem.taken.attr_name, HourItem.ttl.attr_name


class Limiting:
    """
    The part of the store that counts commands.

    A count isn't conditional on what was read, so botocore's own retry after a lost answer may count twice: a slot
    more or less for an hour, and no credits.
    """

    requests: Requests
    names: TableNames

    def take_slot(self, wallet_id: str, hour: Hour) -> bool:
        try:
            self.requests.update(
                self.names.usage,
                key_of(wallet_id, hour_key(hour.starts_at)),
                "ADD #taken :one SET #ttl = :ttl",
                "attribute_not_exists(#taken) OR #taken < :most",
                {
                    ":one": {"N": "1"},
                    ":most": {"N": str(hour.most)},
                    ":ttl": {"N": str(to_ms(hour.ends_at + DAY) // 1000)},
                },
                names={"#taken": TAKEN, "#ttl": TTL},
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
