"""The history in a browser: page by page, by kind, with its reasons, and as a file."""

from __future__ import annotations

import csv
import io

from playwright.sync_api import expect

from tests.web.browsing import Place, Visitor


def test_the_history_is_paged_and_filtered(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    for number in range(1, 13):
        place.use(visitor.wallet_id, number)
    visitor.open("/history")
    lines = visitor.page.locator("tally-history li")
    expect(lines).to_have_count(10)
    expect(lines.first).to_contain_text("12 × pull requests")

    visitor.press("Older")
    expect(lines).to_have_count(3)
    expect(lines.last).to_contain_text("Purchase")
    visitor.press("Newer")
    expect(lines).to_have_count(10)

    visitor.page.get_by_label("Show").select_option("purchase")
    expect(lines).to_have_count(1)
    expect(lines.first).to_contain_text("+1,000")


def test_every_line_says_why(visitor: Visitor, place: Place) -> None:
    place.buy(visitor.wallet_id)
    place.use(visitor.wallet_id, 53, labels={"repo": "web"})
    visitor.open("/history")
    line = visitor.page.locator("tally-history li").first
    expect(line).to_contain_text("−15")

    line.get_by_role("button", name="Why?").click()

    expect(line.locator("table")).to_contain_text("lot_1")
    expect(line).to_contain_text("repo: web")
    line.get_by_role("button", name="Why?").click()
    expect(line.locator("table")).to_have_count(0)


def test_uses_that_came_together_show_the_labels_of_each(visitor: Visitor, place: Place) -> None:
    use = {"wallet_id": visitor.wallet_id, "meter": "pull_requests", "quantity": 1}
    events = [{"key": f"event-{repo}", "labels": {"repo": repo}, **use} for repo in ("web", "api")]
    sent = place.ask("POST", "/api/usage/batch", "svc_analyser", {"events": events}, scope="tally:service")
    assert [each["status"] for each in sent.body["results"]] == [200, 200]
    visitor.open("/history")
    line = visitor.page.locator("tally-history li").first
    expect(line).to_contain_text("2 uses")

    line.get_by_role("button", name="Why?").click()

    expect(line).to_contain_text("repo: web")
    expect(line).to_contain_text("repo: api")


def test_the_history_is_saved_as_a_file_with_nothing_that_a_spreadsheet_would_run(
    visitor: Visitor, place: Place
) -> None:
    place.buy(visitor.wallet_id)
    for number in range(1, 13):
        place.use(visitor.wallet_id, number, labels={"pr": "=1+1"})
    note = '=HYPERLINK("https://example.com","x")\n, and more'
    transfer = {"to_wallet_id": "team_x", "credits": 10, "note": note}
    sent = place.ask("POST", "/api/credits/transfer", visitor.wallet_id, transfer, teams="team_x:owner")
    assert sent.status == 201
    visitor.open("/history")
    expect(visitor.page.locator("tally-history li")).to_have_count(10)

    with visitor.page.expect_download() as saved:
        visitor.press("Download CSV")

    visitor.sees("14 lines saved.")
    rows = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"), newline="")))
    assert [int(row["seq"]) for row in rows] == list(range(14, 0, -1))
    assert rows[0]["note"] == "'" + note
    assert rows[0]["credits"] == "-10"
    assert rows[-1]["kind"] == "purchase"
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
