"""The JavaScript client in Node: against a running stack, and against answers that go wrong."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from infra import openapi
from tests.web.browsing import Place, Visitor
from tests.web.test_package import WEB, node

ASK = """
import { TallyClient, TallyProblem } from './client.js';
const tell = (value) => console.log(JSON.stringify(value));
"""
STACK = """
const api = '%(api)s';
const pay = (session) =>
  fetch(`%(stripe)s/_control/sessions/${session}/pay`, { method: 'POST', body: JSON.stringify({ method: 'card' }) });
const bearer = async (wallet, more = '') =>
  (await (await fetch(`${api}/local/token?wallet_id=${wallet}${more}`)).json()).token;
const client = new TallyClient({ baseUrl: api, getToken: () => bearer('%(wallet)s') });
const service = new TallyClient({ baseUrl: api, getToken: () => bearer('svc_analyser', '&scope=tally:service') });
const bought = async () => {
  const begun = await client.createPurchase({ body: { package_id: 'starter' } });
  await pay(begun.checkout_session_id);
  for (;;) {
    const found = await client.getPurchase({ purchase_id: begun.purchase_id });
    if (found.status === 'paid') return found;
    await new Promise((done) => setTimeout(done, 20));
  }
};
"""
ANSWERING = """
globalThis.setTimeout = (done, wait) => (waits.push(wait), queueMicrotask(done));
const asked = [], waits = [];
const answering = (...answers) => {
  let token = 0;
  return new TallyClient({
    baseUrl: 'https://api.example.com/v1',
    getToken: async () => `token_${++token}`,
    fetch: async (url, init) => {
      asked.push({ url, ...init });
      const answer = answers.shift();
      if (typeof answer === 'string') throw new TypeError(answer);
      const [status, body, headers] = answer;
      return Response.json(body, { status, headers });
    },
  });
};
const refusal = (code) => ({ type: `urn:tally:problem:${code}`, title: code, detail: `${code}.`, code });
const refused = (call) => call.then(() => null, ({ name, message, status, code, facts, retryAfter, cause }) =>
  ({ name, message, status, code, facts, retryAfter, cause: cause?.message }));
"""
Run = Callable[[str], Any]


@pytest.fixture
def on_stack(place: Place, request: pytest.FixtureRequest) -> Run:
    """Run a script with clients of a stack, one of them of a wallet that is new; gives what the script tells."""
    wallet = f"acct_{request.node.name[:50]}"

    def run(script: str) -> Any:
        return json.loads(node(ASK + STACK % {"api": place.api, "stripe": place.stripe, "wallet": wallet} + script))

    return run


def answered(script: str) -> Any:
    """Run a script whose client is answered as the script says, without waiting."""
    return json.loads(node(ASK + ANSWERING + script))


def test_it_buys_and_pays_and_reads_the_balance(on_stack: Run) -> None:
    told = on_stack("""
        const { price, credits } = await bought();
        const { available, lots } = await client.getBalance();
        tell({ price, credits, available, lots: lots.length });
    """)

    assert told["available"] == told["credits"] == 1000
    assert told["price"]["currency"] == "usd"
    assert told["lots"] == 1


def test_a_key_that_was_used_gives_the_same_answer_again(on_stack: Run) -> None:
    first, again, other = on_stack("""
        const request = { body: { package_id: 'starter' }, idempotencyKey: 'order-1' };
        const all = [await client.raw.createPurchase(request), await client.raw.createPurchase(request)];
        tell([...all, await client.raw.createPurchase({ body: { package_id: 'starter' } })]);
    """)

    assert [first["replayed"], again["replayed"], other["replayed"]] == [False, True, False]
    assert first["body"] == again["body"] != other["body"]
    assert first["status"] == again["status"] == 201
    assert first["location"] == f"/api/credits/purchases/{first['body']['purchase_id']}"


def test_pages_are_read_to_the_end(on_stack: Run) -> None:
    told = on_stack("""
        await bought();
        const wallet_id = (await client.getBalance()).wallet_id;
        for (const quantity of [1, 2, 3, 4])
          await service.recordUsage({ body: { wallet_id, meter: 'pull_requests', quantity } });
        const pages = [];
        for await (const { entries } of client.pages('listHistory', { limit: 2 })) pages.push(entries);
        const lines = [];
        for await (const text of client.pages('exportWallet', { limit: 3 })) lines.push(...text.trim().split('\\n'));
        const entries = lines.map((line) => JSON.parse(line)).filter((line) => line.canonical).length;
        const only = (await client.listHistory({ type: 'purchase', limit: 10 })).entries.length;
        tell({ pages: pages.map((page) => page.map(({ seq }) => seq)), entries, only });
    """)

    assert told == {"pages": [[5, 4], [3, 2], [1]], "entries": 5, "only": 1}


def test_a_refusal_says_its_facts(on_stack: Run) -> None:
    told = on_stack("""
        try {
          await client.createTransfer({ wallet: 'team_not_mine', body: { to_wallet_id: 'team_x', credits: 5 } });
        } catch (error) {
          const body = { wallet_id: 'acct_poor', ttl_seconds: 60, credits: 5 };
          const poor = await service.createHold({ body }).catch((each) => each);
          const { code, status, message, facts } = poor;
          const is = error instanceof TallyProblem && error instanceof Error;
          tell({ other: error.code, is, code, status, message, facts });
        }
    """)

    assert (told["other"], told["is"]) == ("not_found", True)
    assert (told["code"], told["status"]) == ("insufficient_credits", 402)
    assert told["message"] == told["facts"]["detail"]
    assert told["facts"]["shortfall"] == 5
    assert told["facts"]["offers"]["packages"]


def test_what_is_known_already_is_not_sent_again(on_stack: Run) -> None:
    known, again, changed = on_stack("""
        const { etag } = await client.raw.getBalance();
        const again = await client.raw.getBalance({ ifNoneMatch: etag });
        const nothing = await client.getBalance({ ifNoneMatch: etag });
        await bought();
        tell([nothing ?? null, again, await client.raw.getBalance({ ifNoneMatch: etag })]);
    """)

    assert known is None
    assert (again["status"], again.get("body")) == (304, None)
    assert (changed["status"], changed["body"]["available"]) == (200, 1000)


def test_a_statement_comes_as_json_or_as_a_table(on_stack: Run) -> None:
    statement, table = on_stack(
        "tell([await client.getStatement(), await client.getStatement({ accept: 'text/csv' })]);"
    )

    assert statement["opening"] == 0
    assert isinstance(table, str)
    assert "," in table


def test_a_token_that_is_refused_is_asked_for_once_more(on_stack: Run) -> None:
    told = on_stack("""
        let asked = 0;
        const getToken = async () => (++asked === 1 ? 'stale' : bearer('acct_late'));
        const late = new TallyClient({ baseUrl: api, getToken });
        const { wallet_id } = await late.getBalance();
        await late.getBalance();
        const never = new TallyClient({ baseUrl: api, getToken: async () => (asked++, 'stale') });
        const { code, status } = await never.getBalance().catch((error) => error);
        const stranger = new TallyClient({ baseUrl: api });
        const nobody = await stranger.getBalance().catch((error) => error.status);
        tell({ wallet_id, asked, code, status, nobody, plans: (await stranger.listPlans()).plans.length });
    """)

    assert told == {
        "wallet_id": "acct_late",
        "asked": 4,
        "code": "unauthenticated",
        "status": 401,
        "nobody": 401,
        "plans": 4,
    }


def test_a_page_uses_it_as_it_is(visitor: Visitor) -> None:
    visitor.open()

    told = visitor.page.evaluate(
        """async (wallet) => {
          const { TallyClient, TallyProblem } = await import('/web/client.js');
          const getToken = async () => (await (await fetch(`/local/token?wallet_id=${wallet}`)).json()).token;
          const client = new TallyClient({ getToken });
          const begun = await client.createPurchase({ body: { package_id: 'starter' } });
          const { available } = await client.getBalance();
          return [begun.status, available];
        }""",
        visitor.wallet_id,
    )

    assert told == ["pending", 0]


@pytest.mark.parametrize("trouble", ["'connection reset'", "[503, refusal('busy'), { 'Retry-After': '2' }]"])
def test_a_command_that_met_trouble_is_sent_again_with_its_key(trouble: str) -> None:
    told = answered(f"""
        const client = answering({trouble}, {trouble}, [201, {{ purchase_id: 'pur_1' }}]);
        const begun = await client.createPurchase({{ wallet: 'team_a b', body: {{ package_id: 'starter' }} }});
        tell({{ begun, asked, waits }});
    """)

    assert told["begun"] == {"purchase_id": "pur_1"}
    assert len(told["asked"]) == 3
    assert told["asked"][0] == told["asked"][1] == told["asked"][2]
    sent = told["asked"][0]
    assert sent["url"] == "https://api.example.com/v1/api/credits/purchase?wallet=team_a+b"
    assert json.loads(sent["body"]) == {"package_id": "starter"}
    assert re.fullmatch(r"[0-9a-f-]{36}", sent["headers"]["Idempotency-Key"])
    if "Retry-After" in trouble:
        assert told["waits"] == [2000, 2000]
    else:
        assert [400 <= told["waits"][0] <= 600, 1500 <= told["waits"][1] <= 2250] == [True, True]


def test_each_command_has_a_key_of_its_own_and_a_question_has_none() -> None:
    told = answered("""
        const client = answering([200, {}], [200, {}], [200, {}]);
        await client.releaseHold({ hold_id: 'hold/1', body: { wallet_id: 'acct_a' } });
        await client.releaseHold({ hold_id: 'hold/1', body: { wallet_id: 'acct_a' } });
        await client.getExplanation({ seq: 7, wallet: undefined });
        tell(asked);
    """)

    keys = [each["headers"].get("Idempotency-Key") for each in told]
    assert len(set(keys)) == 3
    assert keys[2] is None
    assert told[0]["url"].endswith("/api/credits/holds/hold%2F1/release")
    assert told[2]["url"].endswith("/api/credits/entries/7/explanation")
    assert "body" not in told[2]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("createGrant({ body: {} })", "createGrant wants a wallet_id, not ''"),
        ("createGrant({ wallet_id: undefined, body: {} })", "createGrant wants a wallet_id, not ''"),
        ("createGrant({ wallet_id: null, body: {} })", "createGrant wants a wallet_id, not ''"),
        ("createGrant({ wallet_id: '', body: {} })", "createGrant wants a wallet_id, not ''"),
        ("getWallet({ wallet_id: '..' })", "getWallet wants a wallet_id, not '..'"),
        ("getPurchase()", "getPurchase wants a purchase_id, not ''"),
        ("getPurchase('pur_1')", "getPurchase takes an object with names, not pur_1"),
        ("getBalance(null)", "getBalance takes an object with names, not null"),
        (
            "createPurchase({ wallet_id: 'team_x', body: { package_id: 'starter' } })",
            "createPurchase has no parameter wallet_id; its parameters: wallet",
        ),
        ("getPurchase({ id: 'pur_1' })", "getPurchase has no parameter id; its parameters: purchase_id, wallet"),
        ("listPlans({ wallet: undefined })", "listPlans has no parameter wallet; its parameters: none"),
    ],
)
def test_a_call_that_cannot_be_meant_is_an_error_and_nothing_is_sent(call: str, said: str) -> None:
    told = answered(f"""
        const client = answering([200, {{}}]);
        const error = await client.{call}.catch((each) => each);
        tell({{ error: [error instanceof TypeError, error.message], tries: asked.length }});
    """)

    assert told == {"error": [True, said], "tries": 0}


def test_every_operation_takes_its_parameters_and_the_options() -> None:
    parameters = {
        operation["operationId"]: {
            each["name"]: "1" for each in operation.get("parameters", ()) if each["in"] != "header"
        }
        for methods in openapi.document()["paths"].values()
        for operation in methods.values()
    }
    told = answered(f"""
        const all = {json.dumps(parameters)};
        const client = answering(...Object.keys(all).map(() => [200, {{}}]));
        const options = {{ body: {{}}, idempotencyKey: '1', ifNoneMatch: '1', accept: 'text/csv', signal: null }};
        for (const [name, asked] of Object.entries(all)) await client[name]({{ ...asked, ...options }});
        tell(asked.length);
    """)

    assert told == len(parameters)


@pytest.mark.parametrize("call", ["setNotifications", "setAutoTopup"])
def test_what_has_no_key_is_not_sent_again_where_it_was_perhaps_done(call: str) -> None:
    told = answered(f"""
        const tries = [];
        for (const trouble of ['connection reset', [502, {{}}], [503, refusal('busy')], [429, {{}}], [401, {{}}]]) {{
          asked.length = 0;
          const {{ status }} = await answering(trouble, [200, {{}}]).raw.{call}({{ body: {{}} }}).catch((each) => each);
          tries.push([status, asked.length]);
        }}
        tell(tries);
    """)

    assert told == [[0, 1], [502, 1], [503, 1], [200, 2], [200, 2]]


@pytest.mark.parametrize("call", ["recordUsageBatch", "getQuote", "createPortalSession"])
def test_what_does_no_more_the_second_time_is_sent_again(call: str) -> None:
    told = answered(f"""
        await answering('connection reset', [503, {{}}], [200, {{}}]).{call}({{ body: {{}} }});
        tell(asked.length);
    """)

    assert told == 3


def test_a_secret_whose_answer_was_lost_is_had_by_setting_the_address_again(on_stack: Run) -> None:
    told = on_stack("""
        let losing = true, sent = 0;
        const fragile = new TallyClient({
          baseUrl: api,
          getToken: () => bearer('acct_lost_secret'),
          fetch: async (url, init) => {
            const answer = await fetch(url, init);
            sent++;
            if (losing) throw new TypeError('connection reset');
            return answer;
          },
        });
        const set = (webhook_url) => fragile.setNotifications({ body: { webhook_url } });
        const url = 'https://hooks.example.com/tally';
        const { status } = await set(url).catch((error) => error);
        losing = false;
        const again = await set(url);
        const cleared = await set(null);
        tell({ status, sent, again: again.secret ?? null, cleared: cleared.webhook_url, anew: await set(url) });
    """)

    anew = told.pop("anew")
    assert told == {"status": 0, "sent": 3, "again": None, "cleared": None}
    assert anew["webhook_url"] == "https://hooks.example.com/tally"
    assert anew["secret"].startswith("whsec_")


@pytest.mark.parametrize(
    ("answer", "tries", "status", "retry_after"),
    [
        ("[503, refusal('busy'), { 'Retry-After': '1' }]", 3, 503, 1),
        ("[429, refusal('too_many_requests'), { 'Retry-After': '0' }]", 3, 429, 0),
        ("[429, refusal('too_many_requests'), { 'Retry-After': '3600' }]", 1, 429, 3600),
        ("[503, {}, { 'Retry-After': 'Thu, 01 Jan 1970 00:00:00 GMT' }]", 3, 503, 0),
        ("[502, refusal('stripe_unavailable')]", 3, 502, None),
        ("[500, refusal('internal')]", 1, 500, None),
        ("[409, refusal('conflict')]", 1, 409, None),
        ("'no route to host'", 3, 0, None),
    ],
)
def test_it_tries_three_times_at_most_and_only_where_that_may_help(
    answer: str, tries: int, status: int, retry_after: int | None
) -> None:
    told = answered(f"""
        const client = answering(...Array(4).fill({answer}));
        tell({{ problem: await refused(client.getBalance()), tries: asked.length }});
    """)

    assert told["tries"] == tries
    problem = told["problem"]
    assert (problem["name"], problem["status"], problem["retryAfter"]) == ("TallyProblem", status, retry_after)
    assert problem.get("cause") == (None if status else "no route to host")


def test_a_refusal_that_is_not_the_apis_is_a_problem_without_a_code() -> None:
    told = answered("""
        const fetch = async () => new Response('<h1>Bad Request</h1>', { status: 400 });
        tell(await refused(new TallyClient({ fetch }).listPlans()));
    """)

    assert told == {"name": "TallyProblem", "message": "HTTP 400", "status": 400, "facts": {}, "retryAfter": None}


def test_a_token_that_cannot_be_had_is_asked_for_again_next_time() -> None:
    told = answered("""
        let turn = 0;
        const getToken = async () => { if (!turn++) throw new Error('no session'); return 'token'; };
        const fetch = async (url, init) => Response.json(init.headers.Authorization);
        const client = new TallyClient({ getToken, fetch });
        const { message } = await client.getHealth().catch((error) => error);
        tell([message, await client.getHealth(), await client.getHealth(), turn]);
    """)

    assert told == ["no session", "Bearer token", "Bearer token", 2]


def test_a_token_may_be_there_at_once() -> None:
    told = answered("""
        const fetch = async (url, init) => Response.json(init.headers.Authorization ?? null);
        const said = [];
        for (const getToken of [() => 'token', () => null, () => { throw new Error('no session'); }])
          said.push(await new TallyClient({ getToken, fetch }).getHealth().catch((error) => error.message));
        tell(said);
    """)

    assert told == ["Bearer token", None, "no session"]


def test_options_that_are_not_defined_are_as_if_they_were_not_given() -> None:
    told = answered("""
        const fetch = async (url) => Response.json(url);
        tell(await new TallyClient({ fetch, baseUrl: undefined, getToken: undefined }).getHealth());
    """)

    assert told == "/api/health"


def test_who_ends_a_call_waits_no_longer() -> None:
    told = json.loads(
        node(
            ASK
            + """
            const ending = new AbortController();
            let tries = 0;
            const fetch = async () => (tries++, setTimeout(() => ending.abort(), 20),
              new Response('{}', { status: 503, headers: { 'Retry-After': '25' } }));
            const error = await new TallyClient({ fetch }).listPlans({ signal: ending.signal }).catch((each) => each);
            tell([error.name, tries]);
            """
        )
    )

    assert told == ["AbortError", 1]


def test_it_can_be_installed_from_a_checkout(tmp_path: Path) -> None:
    if not (npm := which("npm")):
        pytest.skip("there is no npm")

    def run(*command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout

    packed = run(npm, "pack", "--silent", str(WEB)).strip()
    run(npm, "install", "--silent", "--offline", "--no-audit", "--no-fund", f"./{packed}")

    said = "const [elements, client] = [await import('@tally/elements'), await import('@tally/elements/client')];"
    told = run("node", "--input-type=module", "-e", f"{said} console.log(typeof elements.configure, {{ ...client }});")
    assert told.startswith("function {")
    assert "TallyClient" in told


def paths(file: Path) -> set[str]:
    """List the paths of the API that a source asks for; what is put in later is `*`."""
    code = file.read_text(encoding="utf-8")
    for name, path in re.findall(r"^const (\w+) = '(/api/[^']*)'", code, re.MULTILINE):
        code = code.replace(f"'{path}'", "").replace(f"${{{name}}}", path)
    return set(re.findall(r"['`](/api/[^'`?\s]*)", re.sub(r"\$\{[^{}]*\}", "*", code)))


def test_every_path_that_pages_ask_for_is_an_operations() -> None:
    known = [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))) for path in openapi.document()["paths"]]
    asked = {
        path for folder in ("src", "demo", "examples") for file in (WEB / folder).rglob("*.js*") for path in paths(file)
    }

    assert {"/api/credits/balance", "/api/credits/entries/*/explanation", "/api/user/subscription/cancel"} <= asked
    assert {path for path in asked if not any(each.fullmatch(path) for each in known)} == set()
