"""Receipts and invoices, to look at and to print."""

from __future__ import annotations

from html import escape

from local.stripe.errors import Json
from local.stripe.looks import framed
from local.stripe.money import written
from local.stripe.shown import Shown, message, table, way_back

PDF = "application/pdf"
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595, 842, 72
FONT_SIZE, LEADING = 12, 20


def receipt(charge: Json) -> Shown:
    """What was paid, and what came back of it."""
    if not charge["paid"]:
        return message(404, "No receipt", "This payment did not succeed.")
    rows = [("Paid", written(charge["amount"], charge["currency"]))]
    if charge["amount_refunded"]:
        rows.append(("Refunded", written(charge["amount_refunded"], charge["currency"])))
    return Shown(body=framed("Receipt", f"<h1>Receipt</h1>{table([*rows, ('Payment', charge['payment_intent'])])}"))


def invoice_page(invoice: Json) -> Shown:
    """An invoice as a page."""
    title = f"Invoice {escape(invoice['number'])}"
    due = escape(written(invoice["total"], invoice["currency"]))
    content = f"""<h1>{title}</h1>
<p class="amount">{due}</p>
{table([*_lines(invoice), ("Status", invoice["status"])])}
{way_back(f"/invoices/{invoice['id']}/pdf", "Download as PDF")}"""
    return Shown(body=framed(title, content))


def invoice_pdf(invoice: Json) -> Shown:
    """The same as a PDF of one page."""
    total = written(invoice["total"], invoice["currency"])
    rows = [*_lines(invoice), ("Total", total), ("Status", invoice["status"])]
    texts = [f"Invoice {invoice['number']}", "", *(f"{name}: {value}" for name, value in rows), "", "Test mode"]
    return Shown(kind=PDF, body=_pdf(texts))


def _lines(invoice: Json) -> list[tuple[str, str]]:
    rows = [(line["description"], written(line["amount"], line["currency"])) for line in invoice["lines"]["data"]]
    off = sum(discount["amount"] for discount in invoice["total_discount_amounts"])
    return [*rows, ("Discount", written(-off, invoice["currency"]))] if off else rows


def _pdf(texts: list[str]) -> bytes:
    """Lay out lines of text on one page, by the fewest objects that a reader needs."""
    shown = b"".join(b"(" + _escaped(text) + b") Tj T*\n" for text in texts)
    top = PAGE_HEIGHT - MARGIN
    stream = b"BT /F1 %d Tf %d TL %d %d Td\n%sET" % (FONT_SIZE, LEADING, MARGIN, top, shown)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>" % (PAGE_WIDTH, PAGE_HEIGHT),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    pdf, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table_at, count = len(pdf), len(objects) + 1
    entries = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, entries)
    return pdf + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, table_at)


def _escaped(text: str) -> bytes:
    plain = text.encode("cp1252", errors="replace")
    return plain.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
