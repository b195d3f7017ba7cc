"""File names that have hurt programs before: what each one attacks, and its bytes.

All are names that a POSIX file system takes: up to 255 bytes, neither NUL nor slash in them.
"""

from __future__ import annotations

import os

HOSTILE: tuple[tuple[str, bytes], ...] = (
    # shell
    ("shell: command after ;", b"a;touch hit.jpg"),
    ("shell: command substitution", b"$(touch hit).jpg"),
    ("shell: backquotes", b"`touch hit`.jpg"),
    ("shell: pipe", b"a|touch hit.jpg"),
    ("shell: background", b"a&touch hit&.jpg"),
    ("shell: redirection", b"a>hit.jpg"),
    ("shell: variable", b"$HOME.jpg"),
    ("shell: single quote", b"it's.jpg"),
    ("shell: double quote", b'say "hi".jpg'),
    ("shell: both quotes", b"'\"'\".jpg"),
    ("shell: backslash", b"back\\slash.jpg"),
    ("shell: trailing backslash", b"trailing\\"),
    ("shell: glob star", b"*"),
    ("shell: glob set", b"[a-z]?.jpg"),
    ("shell: braces", b"{a,b}.jpg"),
    ("shell: tilde", b"~root.jpg"),
    ("shell: history", b"!!.jpg"),
    ("shell: comment", b"# a.jpg"),
    ("shell: ANSI-C quote", b"$'\\n'.jpg"),
    ("PowerShell: variable", b"${env:PATH}.jpg"),
    ("cmd: variable", b"%PATH%.jpg"),
    # HTML and script
    ("HTML: script element", b"<script>window.hit=1<\\script>.jpg"),
    ("HTML: image with handler", b"<img src=x onerror=window.hit=1>.jpg"),
    ("HTML: end of title", b"<!--<title><svg onload=window.hit=1>.jpg"),
    ("HTML: attribute break", b'" onmouseover="window.hit=1" x=".jpg'),
    ("HTML: attribute break, single", b"' autofocus onfocus='window.hit=1.jpg"),
    ("HTML: entity", b"&lt;b&gt;&amp;&#60;.jpg"),
    ("HTML: comment end", b"--><b>bold.jpg"),
    ("HTML: CDATA", b"]]><b>.jpg"),
    ("HTML: iframe", b"<iframe srcdoc=window.hit>.jpg"),
    ("HTML: javascript URL", b"javascript:window.hit=1"),
    ("HTML: data URL", b"data:text,window.hit"),
    ("template: Jinja2", b"{{ 7*7 }}{% if 1 %}.jpg"),
    ("script: line separator", "a\u2028b\u2029c.jpg".encode()),
    ("script: prototype", b"__proto__"),
    ("script: constructor", b"constructor"),
    ("JSON: quote and brace", b'"},{"name":".jpg'),
    ("URL: percent", b"100%25 %00 %2e%2e.jpg"),
    ("URL: query and fragment", b"a?b=c#d.jpg"),
    ("SQL: quote", b"'); DROP TABLE Dict; --.jpg"),
    # CSV
    ("CSV: formula =", b"=1+1.jpg"),
    ("CSV: formula with call", b'=HYPERLINK("http:x";"y").jpg'),
    ("CSV: formula +", b"+1.jpg"),
    ("CSV: formula @", b"@SUM(A1).jpg"),
    ("CSV: formula, full-width", "\uff1d1+1.jpg".encode()),
    ("CSV: tab first", b"\t=1.jpg"),
    ("CSV: carriage return first", b"\r=1.jpg"),
    ("CSV: separators", b"a,b;c.jpg"),
    ("CSV: the guard itself", b"'=1.jpg"),
    # terminal
    ("terminal: colour", b"\x1b[31mred\x1b[0m.jpg"),
    ("terminal: clear", b"\x1b[2J\x1b[H.jpg"),
    ("terminal: title", b"\x1b]0;hit\x07.jpg"),
    ("terminal: 8-bit control", b"\x9b31m.jpg"),
    ("terminal: C1 in UTF-8", "\u009b31m.jpg".encode()),
    ("terminal: backspaces", b"abc\x08\x08\x08.jpg"),
    ("terminal: bell", b"\x07.jpg"),
    ("terminal: delete", b"\x7f.jpg"),
    # lines
    ("newline", b"two\nlines.jpg"),
    ("newline last", b"last.jpg\n"),
    ("carriage return", b"over\rwritten.jpg"),
    ("vertical tab, form feed", b"a\x0bb\x0c.jpg"),
    ("next line", "a\u0085b.jpg".encode()),
    # right to left and invisible
    ("right-to-left override", "a\u202egpj.exe".encode()),
    ("isolates", "\u2066a\u2069\u2067b.jpg".encode()),
    ("Hebrew and digits", "\u05d0\u05d1 12.jpg".encode()),
    ("zero width", "a\u200bb\ufeffc.jpg".encode()),
    ("emoji with joiners", "\U0001f468\u200d\U0001f469\u200d\U0001f467.jpg".encode()),
    ("many combining marks", ("e" + "\u0301" * 60 + ".jpg").encode()),
    ("look-alike slash", "a\u2215b\u29f8.jpg".encode()),
    ("tag characters", "a\U000e0041\U000e0042.jpg".encode()),
    # encodings
    ("NFC", "caf\u00e9.jpg".encode()),
    ("NFD", "cafe\u0301.jpg".encode()),
    ("invalid UTF-8: Latin-1", b"caf\xe9.jpg"),
    ("invalid UTF-8: every high byte", bytes(range(0x80, 0x100))[:120]),
    ("invalid UTF-8: lone start", b"\xf0\x9f.jpg"),
    ("invalid UTF-8: surrogate", b"\xed\xa0\x80.jpg"),
    ("invalid UTF-8: overlong slash", b"\xc0\xaf.jpg"),
    ("noncharacter", "a\uffffb.jpg".encode()),
    ("beyond the basic plane", "\U00020000\U0001f600.jpg".encode()),
    # shapes
    ("255 bytes", b"x" * 251 + b".jpg"),
    ("255 bytes of wide characters", "\u5199".encode() * 85),
    ("dots only", b"..."),
    ("leading dash", b"-rf.jpg"),
    ("option", b"--apply"),
    ("single dash", b"-"),
    ("leading space", b" a.jpg"),
    ("trailing space", b"a.jpg "),
    ("trailing dot", b"a.jpg."),
    ("only a space", b" "),
    ("Windows device", b"CON.jpg"),
    ("Windows device with number", b"LPT1"),
    ("Windows: alternate stream", b"a.jpg:hidden"),
    ("Windows: drive", b"C:a.jpg"),
    ("glob of a URL", b"http:example.jpg"),
)


def names() -> list[str]:
    """Return the names as this system's functions take them."""
    return [os.fsdecode(name) for _, name in HOSTILE]
