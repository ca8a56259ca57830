"""
All elements and Lit in one file: the only place that says how `tally.js` is made of `src/`.

    python web/pack.py          write it
    python web/pack.py --check  say whether it is what the sources make

The sources are modules that browsers load as they are. Packed, a page asks once instead of fifteen times, and gets no
comments: modules stand one after the other in the order in which they need each other, without imports, exports,
comments and indentation. Their names must differ at the top level; a browser or Node says so if they don't.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
PACKED, ENTRY = FOLDER / "tally.js", FOLDER / "src" / "index.js"
USED = ("html", "nothing", "render", "svg")  # of Lit
IMPORT = re.compile(r"^(?:import|export)\b[^;]*?\bfrom '([^']+)';\n|^import '([^']+)';\n", re.MULTILINE)
GROUP = re.compile(r"^export \{[^}]*\};\n", re.MULTILINE)
LINE_COMMENT = re.compile(r"^\s*// .*\n|(?<=[;,{]) // .*$", re.MULTILINE)
BLOCK_COMMENT = re.compile(r"/\*\*.*?\*/ ?", re.DOTALL)
HEADER = "// Made by web/pack.py. With Lit's templates: (c) Google LLC, BSD-3-Clause, see vendor/lit-html.LICENSE"
LAZY = re.compile(r"import\('\./")


def main() -> int:
    made = packed()
    if "--check" in sys.argv[1:]:
        return 0 if PACKED.read_text(encoding="utf-8") == made else 1
    PACKED.write_text(made, encoding="utf-8")
    return 0


def packed() -> str:
    """Put the sources together, and export what their entry does."""
    order: list[Path] = []
    _gather(ENTRY, order)
    texts = [_bare(each) for each in order]
    exported = GROUP.findall(ENTRY.read_text(encoding="utf-8"))
    return "\n".join([HEADER, *texts, *(line.strip() for line in exported), ""])


def _gather(file: Path, order: list[Path]) -> None:
    """List a module behind those that it needs."""
    for found in IMPORT.finditer(file.read_text(encoding="utf-8")):
        needed = (file.parent / (found[1] or found[2])).resolve()
        if needed not in order:
            _gather(needed, order)
    if file not in order:
        order.append(file)


def _bare(file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    if file.parent.name == "vendor":
        return _scoped(text)
    text = GROUP.sub("", IMPORT.sub("", text))
    text = LAZY.sub("import('./src/", LINE_COMMENT.sub("", BLOCK_COMMENT.sub("", text)))
    text = re.sub(r"^export default", f"const {file.stem} =", text, flags=re.MULTILINE)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    return "\n".join(filter(None, (line.strip() for line in text.splitlines())))


def _scoped(text: str) -> str:
    """Keep a module's short names to itself, and hand out what it exports."""
    code, _, exported = text.rpartition("export{")
    pairs = [pair.split(" as ") for pair in exported.rstrip("};\n").split(",")]
    given = ",".join(f"{name}:{inner}" for inner, name in pairs if name in USED)
    return f"const{{{','.join(USED)}}}=(()=>{{{BLOCK_COMMENT.sub('', code).strip()}return{{{given}}}}})();"


if __name__ == "__main__":
    sys.exit(main())
