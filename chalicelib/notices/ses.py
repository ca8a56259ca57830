"""E-mail by SES: the words as plain text, and as HTML that leaves all colours to the reader's program."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.domain.wording import Worded

PAGE = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{subject}</title>
</head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:36em;margin:0 auto">
{paragraphs}
</div>
</body>
</html>
"""


def send(client: Any, worded: Worded, *, sender: str, to: str, message_id: str) -> None:
    """Send an e-mail. Repeats are told apart by the header X-Tally-Message; no machine answers it."""
    client.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": [to]},
        Content={
            "Simple": {
                "Subject": _utf8(worded.subject),
                "Body": {"Text": _utf8(worded.text), "Html": _utf8(html(worded))},
                "Headers": [
                    {"Name": "X-Tally-Message", "Value": message_id},
                    {"Name": "Auto-Submitted", "Value": "auto-generated"},
                ],
            }
        },
    )


def html(worded: Worded) -> str:
    """Make a page of the words; whatever stands in them is text there."""
    paragraphs = "\n".join(f"<p>{escape(each)}</p>" for each in worded.text.split("\n\n"))
    return PAGE.format(language=escape(worded.language), subject=escape(worded.subject), paragraphs=paragraphs)


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
