"""What alarms look at in the books: debt that grew, and wallets near the most lots that they may hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from chalicelib import wiring
from chalicelib.domain.granting import Grant
from chalicelib.domain.grants import grant
from chalicelib.domain.lots import Source
from chalicelib.domain.wallet import OPEN_LOTS, Decision, Wallet
from chalicelib.services.ports import Change
from chalicelib.store.dynamo import DynamoStore
from chalicelib.watching import CROWDED, WatchedStore
from local import surroundings
from tests import engines
from tests.builders import lot, stamp
from tests.webhooks.heard import metrics

OFFER = wiring.catalog()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> WatchedStore:
    """A store that writes nowhere."""
    settings = surroundings.settings("http://127.0.0.1:1", 1, stripe_url="http://127.0.0.1:1")
    for name, value in {**settings, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    wiring.settings.cache_clear()
    monkeypatch.setattr(DynamoStore, "commit", lambda *_: None)
    return WatchedStore(engines.connect("http://127.0.0.1:9"), engines.NAMES)


def granted(wallet: Wallet) -> Decision:
    return grant(wallet, Grant(credits=10, source=Source.PROMO), OFFER, stamp())


def heard(store: WatchedStore, decision: Decision, capsys: pytest.CaptureFixture[str]) -> Counter[str]:
    store.commit(Change(decisions=[decision]))
    return metrics(capsys.readouterr().out)


def wallet(*, lots: int, debt: int = 0) -> Wallet:
    return Wallet(wallet_id="acct_a", seq=lots, lots=tuple(lot(seq, 5) for seq in range(1, lots + 1)), debt=debt)


@pytest.mark.parametrize(("lots", "times"), [(0, 0), (CROWDED - 2, 0), (CROWDED - 1, 1), (OPEN_LOTS - 1, 1)])
def test_a_wallet_near_its_cap_is_counted_when_another_lot_comes(
    store: WatchedStore, capsys: pytest.CaptureFixture[str], lots: int, times: int
) -> None:
    assert heard(store, granted(wallet(lots=lots)), capsys)["CrowdedWallets"] == times


def test_a_crowded_wallet_that_only_spends_is_not_counted(
    store: WatchedStore, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = granted(wallet(lots=CROWDED))

    assert heard(store, replace(decision, before=decision.wallet), capsys) == {}


def test_debt_is_counted_as_it_grows_and_not_as_it_is_paid(
    store: WatchedStore, capsys: pytest.CaptureFixture[str]
) -> None:
    decision = granted(wallet(lots=1))
    owing = replace(decision.wallet, debt=7)

    assert heard(store, replace(decision, wallet=owing), capsys) == {"NewDebt": 7}
    assert heard(store, replace(decision, before=owing, wallet=replace(owing, debt=3)), capsys) == {}


def test_deployed_functions_use_the_store_that_is_watched(store: WatchedStore) -> None:
    wiring.store.cache_clear()

    assert isinstance(wiring.store(), type(store))
    wiring.store.cache_clear()
