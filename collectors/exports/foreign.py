"""What files are that nobody can import, told by their first bytes, and what to do instead.

>>> foreign(b"%PDF-1.7")
'is a PDF; save its table as CSV, or export the posts from the platform'
"""

_PICTURE = "is a picture; name the export it was taken of"
_FILM = "is a film; name the export of the posts about it"
_MARKS = {
    b"%PDF": "is a PDF; save its table as CSV, or export the posts from the platform",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"RIFF": "is a sound, a picture or a film; name the export of the posts about it",
    b"\x1aE\xdf\xa3": _FILM,
    b"\xd0\xcf\x11\xe0": "is an old spreadsheet or document; save its table as CSV (UTF-8)",
    b"7z\xbc\xaf": "is packed with 7z; unpack it",
    b"Rar!": "is packed with RAR; unpack it",
    b"BZh": "is packed with bzip2; unpack it",
    b"\xfd7zXZ": "is packed with xz; unpack it",
    b"SQLite format 3": "is a database; export its table as CSV",
    b"RDX": "is data of R; write it as CSV in R",
    b"\x7fELF": "is a program",
    b"MZ": "is a program",
}
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<body")


def foreign(head: bytes) -> str | None:
    """Return what the file is and the way out; None if it may be an export."""
    for mark, fact in _MARKS.items():
        if head.startswith(mark):
            return fact
    if head[4:8] == b"ftyp":
        return _FILM
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith(_PAGES):
        return "is a web page; export the data itself (JSON or CSV), not the page that shows it"
    return None
