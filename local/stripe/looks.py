"""The one place for how the hosted pages look: frame, style and the policy that allows only that style."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#fff;--ink:#1a1f36;--soft:#4f566b;--line:#d5dbe1;
--accent:#4b45c6;--on-accent:#fff;--bad:#a41c3a;--bad-ground:#fdecef}
@media (prefers-color-scheme:dark){:root{--ground:#12141c;--card:#1c1f2b;--ink:#eceef5;--soft:#b3b9cc;--line:#3a3f52;
--accent:#a5a1ff;--on-accent:#15132e;--bad:#ff9db0;--bad-ground:#3b1a23}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--ground);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:27rem;margin:0 auto;padding:2.5rem 1.25rem}
.test{display:inline-block;margin:0 0 1rem;padding:.1rem .6rem;border:1px solid var(--line);border-radius:1rem;
color:var(--soft);font-size:.8125rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.5rem;
box-shadow:0 1px 3px rgb(0 0 0/.08)}
h1{margin:0 0 .25rem;font-size:1.125rem;font-weight:600}
.amount{margin:0 0 1.25rem;font-size:2.25rem;line-height:1.2;font-weight:650;font-variant-numeric:tabular-nums}
dl{margin:0 0 1.25rem;border-top:1px solid var(--line)}
dl div{display:flex;justify-content:space-between;gap:1rem;padding:.6rem 0;border-bottom:1px solid var(--line)}
dt{overflow-wrap:anywhere}
dd{margin:0;font-variant-numeric:tabular-nums;white-space:nowrap}
small,.soft{color:var(--soft);font-size:.875rem}
fieldset{margin:0 0 1.25rem;padding:0;border:0}
legend,.label{display:block;margin:0 0 .5rem;padding:0;font-weight:600}
fieldset label{display:flex;gap:.75rem;align-items:baseline;margin:0 0 .5rem;padding:.7rem .85rem;cursor:pointer;
border:1px solid var(--line);border-radius:.5rem}
fieldset label:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
input[type=radio]{accent-color:var(--accent)}
input[type=email]{width:100%;margin:0 0 1.25rem;padding:.65rem .75rem;font:inherit;color:inherit;
background:transparent;border:1px solid var(--soft);border-radius:.5rem}
button{width:100%;padding:.8rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--on-accent);
font:inherit;font-weight:600;cursor:pointer}
button:hover{filter:brightness(1.08)}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.back{margin:1.25rem 0 0;text-align:center}
.alert{margin:0 0 1.25rem;padding:.7rem .85rem;border-radius:.5rem;color:var(--bad);background:var(--bad-ground)}
.label{display:block}
""".strip()

POLICY = (
    "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'"
)
"""No script, no picture, nothing from elsewhere; forms are not limited, as paying redirects to the seller."""


def framed(title: str, content: str) -> bytes:
    """A whole page; *title* and *content* are HTML, already escaped."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="test">Test mode – no real money moves</p>
<div class="card">
{content}
</div>
</main>
</body>
</html>
""".encode()
