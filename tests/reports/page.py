"""HTML as a browser reads it: elements, attributes and texts."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr", "rect"}


class Page(HTMLParser):
    """What a page holds, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.pieces: list[tuple[tuple[str, ...], str]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[str] = []
        self._found: list[tuple[str, list[str]]] = []
        self._inside: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)
            entry = (tag, [])
            self._found.append(entry)
            self._inside.append(entry)

    def handle_endtag(self, tag):
        """Close it."""
        if tag in self._open:
            while self._open.pop() != tag:
                self._inside.pop()
            self._inside.pop()

    def handle_data(self, data):
        """Note a text."""
        self.pieces.append((tuple(self._open), data))
        for _, texts in self._inside:
            texts.append(data)

    @property
    def tags(self):
        """The names of the elements."""
        return [tag for tag, _ in self.elements]

    @property
    def text(self):
        """All text, style sheets apart."""
        return "".join(piece for path, piece in self.pieces if "style" not in path)

    def texts(self, tag):
        """Return the text of each element of a name."""
        return ["".join(texts) for name, texts in self._found if name == tag]

    def outside(self, *tags):
        """Return the text that stands in no element of these names."""
        return "".join(piece for path, piece in self.pieces if not set(tags) & set(path))


def read(html):
    """Return a page that was read."""
    page = Page()
    page.feed(html)
    page.close()
    return page
