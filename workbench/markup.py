"""What is to be said, taken apart: sentences, pauses, what is spelled, and how fast.

A text is plain, with marks as `[pause 0.5s]` and `[digits 4711]`, or a document in the common
subset of SSML (W3C, Speech Synthesis Markup Language 1.1). The parser knows no entities but
XML's own five and no document types, so that a text cannot make it grow or fetch anything.
"""

import re
from xml.parsers import expat

import msgspec

from workbench.errors import InvalidInput

LONGEST = 20_000
"""Characters of one text."""
LONGEST_SENTENCE = 240
"""Characters; what is longer is parted at a comma, or at a space."""
LONGEST_PAUSE_MS = 10_000
SLOWEST, FASTEST = 0.5, 2.0
STRENGTHS = {
    "none": 0, "x-weak": 100, "weak": 250, "medium": 500, "strong": 800, "x-strong": 1200,
}  # fmt: skip
"""SSML leaves the milliseconds to whoever speaks."""
RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "default": 1.0, "fast": 1.3, "x-fast": 1.7}
DOCUMENT = ("<speak", "<?xml", "<!DOCTYPE")
"""How a text of SSML begins."""
SPELLED = ("digits", "characters", "telephone")
PARAGRAPH_MS = 400
SENTENCE_END = re.compile(r"[.!?\u2026][\"\u201d\u2019')\]]*$")
NO_END = re.compile(
    r"(?:^|[(\"\u201c])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e)\.$"
)
MARK = re.compile(r"\[(pause|digits|characters|telephone)\s+([^\[\]]+)\]")
TIME = re.compile(r"\+?(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)$")


class Said(msgspec.Struct, frozen=True):
    """One word as it was written, and as it is given to the voice."""

    text: str
    spoken: str


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """What a voice is given at once, and the silence after it."""

    words: tuple[Said, ...] = ()
    rate: float = 1.0
    pause_ms: int = 0

    @property
    def text(self) -> str:
        """Return it as it was written."""
        return " ".join(word.text for word in self.words)

    @property
    def spoken(self) -> str:
        """Return it as it is given to the voice."""
        return " ".join(word.spoken for word in self.words)


def sentences(text: str) -> list[Sentence]:
    """Take a text apart: SSML when it begins as such, else plain.

    Raises:
        InvalidInput: it cannot be read, with the place, or there is nothing to say in it.
    """
    if len(text) > LONGEST:
        message = f"A text of {len(text)} characters is too long to be said: {LONGEST} at most."
        raise InvalidInput(message)
    script = _Script()
    if text.lstrip().startswith(DOCUMENT):
        _Reader(script).read(text.strip())
    else:
        _read_plain(script, text)
    found = script.finish()
    if not any(sentence.words for sentence in found):
        raise InvalidInput(f"There is nothing to say in {text!r}.")
    return found


def spelled(text: str, kind: str) -> list[Said]:
    """Return the characters of a text one by one, with a little rest between them.

    Raises:
        InvalidInput: a character that this kind does not have.
    """
    wrong = {
        "digits": re.search(r"[^\d\s.,()/-]", text),
        "telephone": re.search(r"[^\d\s.,()/+*#-]", text),
        "characters": None,
    }[kind]
    shown = [character for character in text if character.isalnum() or character in "+*#"]
    if wrong or not shown:
        message = f"{text!r} cannot be said as {kind}."
        raise InvalidInput(message)
    names = {"+": "plus", "*": "star", "#": "hash"}
    words = [
        Said(character, names.get(character, character.upper()) + ",") for character in shown
    ]
    return [*words[:-1], Said(shown[-1], words[-1].spoken[:-1])]


class _Script:
    """Collects words and pauses, and parts them into sentences."""

    def __init__(self) -> None:
        self._done: list[Sentence] = []
        self._words: list[Said] = []
        self._rate = 1.0
        self._glued = False
        """Whether what follows belongs to the last word."""

    def write(self, text: str, rate: float) -> None:
        """Add running text."""
        self._use(rate)
        words = text.split()
        if words and self._glued and not text[0].isspace() and self._words:
            last = self._words.pop()
            first = words.pop(0)
            self._words.append(Said(last.text + first, last.spoken + first))
        for word in words:
            if self._words and _ends(self._words[-1].text) and not word[0].islower():
                self.close()
            self._words.append(Said(word, word))
            self._part_if_long()
        if text:
            self._glued = not text[-1].isspace()

    def spell(self, text: str, kind: str, rate: float) -> None:
        """Add what is said character by character."""
        self._use(rate)
        if self._words and _ends(self._words[-1].text):
            self.close()
        for word in spelled(text, kind):
            self._words.append(word)
            self._part_if_long()
        self._glued = True

    def pause(self, milliseconds: int) -> None:
        """Add silence."""
        if milliseconds > LONGEST_PAUSE_MS:
            message = f"A pause of {milliseconds} ms is too long: {LONGEST_PAUSE_MS} at most."
            raise InvalidInput(message)
        self.close()
        if milliseconds and self._done:
            last = self._done.pop()
            longer = last.pause_ms + milliseconds
            self._done.append(msgspec.structs.replace(last, pause_ms=longer))
        elif milliseconds:
            self._done.append(Sentence(pause_ms=milliseconds))

    def close(self) -> None:
        """End the sentence."""
        if self._words:
            self._done.append(Sentence(words=tuple(self._words), rate=self._rate))
        self._words, self._glued = [], False

    def finish(self) -> list[Sentence]:
        """Return all sentences."""
        self.close()
        return self._done

    def _use(self, rate: float) -> None:
        if rate != self._rate:
            self.close()
            self._rate = rate

    def _part_if_long(self) -> None:
        length = sum(len(word.spoken) + 1 for word in self._words)
        if length <= LONGEST_SENTENCE:
            return
        commas = [
            place
            for place, word in enumerate(self._words[:-1], 1)
            if word.spoken[-1] in ",;:\u2014"
        ]
        rest = self._words[commas[-1] if commas else -1 :]
        del self._words[len(self._words) - len(rest) :]
        self.close()
        self._words = rest


def _ends(word: str) -> bool:
    return SENTENCE_END.search(word) is not None and NO_END.search(word) is None


def _read_plain(script: _Script, text: str) -> None:
    at = 0
    for mark in MARK.finditer(text):
        _write_lines(script, text[at : mark.start()])
        kind, content = mark.groups()
        try:
            if kind == "pause":
                script.pause(_milliseconds(content))
            else:
                script.spell(content, kind, 1.0)
        except InvalidInput as error:
            message = f"Character {mark.start() + 1} of the text: {error}"
            raise InvalidInput(message) from None
        at = mark.end()
    _write_lines(script, text[at:])


def _write_lines(script: _Script, text: str) -> None:
    """Add plain text, of which an empty line ends a sentence."""
    for number, paragraph in enumerate(re.split(r"\n[^\S\n]*\n", text)):
        if number:
            script.close()
        script.write(paragraph, 1.0)


def _milliseconds(text: str) -> int:
    found = TIME.match(text.strip())
    if found is None:
        message = f"{text!r} is no time: write it as 500ms or 1.5s."
        raise InvalidInput(message)
    return round(float(found[1]) * (1000 if found[2] == "s" else 1))


def _rate(text: str, outer: float) -> float:
    """Return how fast to speak: a name, or per cent of what is around."""
    if text in RATES:
        return RATES[text]
    found = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    if found is None:
        message = f"The rate {text!r} is not known: it is one of {', '.join(RATES)}, or 80%."
        raise InvalidInput(message)
    return min(FASTEST, max(SLOWEST, round(outer * float(found[1]) / 100, 3)))


class _Reader:
    """Reads a document into a script."""

    def __init__(self, script: _Script) -> None:
        self._script = script
        self._rates = [1.0]
        self._open: list[str] = []
        self._spelling: tuple[str, list[str]] | None = None
        self._place = 1, 0
        """Line and column of the last tag."""
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self, text: str) -> None:
        """Read all of it.

        Raises:
            InvalidInput: what is wrong, and at which line and column.
        """
        parser = self._parser
        try:
            parser.Parse(text, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise InvalidInput(_placed(reason, error.lineno, error.offset)) from None
        except UnicodeEncodeError:
            message = "The SSML holds half a surrogate pair, which is no character."
            raise InvalidInput(message) from None
        except InvalidInput as error:
            raise InvalidInput(_placed(str(error), *self._place)) from None

    def _refuse_doctype(self, *_declaration: object) -> None:
        self._look()
        raise InvalidInput("a document type is not allowed")

    def _look(self) -> None:
        self._place = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._look()
        if (name == "speak") is bool(self._open):
            raise InvalidInput(f"<{name}> cannot stand here: one <speak> is around all others")
        if self._spelling is not None:
            raise InvalidInput(f"<{name}> cannot stand in <say-as>")
        self._open.append(name)
        match name:
            case "speak":
                pass
            case "p" | "s":
                self._script.close()
            case "break":
                self._script.pause(_break_ms(attributes))
            case "prosody":
                self._rates.append(_rate(attributes.get("rate", "100%"), self._rates[-1]))
            case "say-as":
                self._spelling = _spelling(attributes), []
            case _:
                known = "speak, p, s, break, say-as, prosody"
                raise InvalidInput(f"<{name}> is not spoken here: {known} are")

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "say-as" and self._spelling is not None:
            (kind, written), self._spelling = self._spelling, None
            self._script.spell("".join(written), kind, self._rates[-1])
        elif name == "prosody":
            self._rates.pop()
        elif name == "s":
            self._script.close()
        elif name == "p":
            self._script.pause(PARAGRAPH_MS)

    def _text(self, text: str) -> None:
        if self._spelling is not None:
            self._spelling[1].append(text)
        else:
            self._script.write(text, self._rates[-1])


def _break_ms(attributes: dict[str, str]) -> int:
    if "time" in attributes:
        return _milliseconds(attributes["time"])
    strength = attributes.get("strength", "medium")
    if strength not in STRENGTHS:
        raise InvalidInput(f"the strength {strength!r} is not one of {', '.join(STRENGTHS)}")
    return STRENGTHS[strength]


def _spelling(attributes: dict[str, str]) -> str:
    kind = attributes.get("interpret-as", "")
    if kind not in SPELLED:
        raise InvalidInput(f"interpret-as={kind!r} is not one of {', '.join(SPELLED)}")
    return kind


def _placed(reason: str, line: int, column: int) -> str:
    return f"The SSML cannot be read at line {line}, column {column + 1}: {reason.rstrip('.')}."
