from array import array
from collections.abc import Sequence
from typing import NamedTuple

SMALL_MAX: int
HOST: str
PICO: str
STATE: str
GRANT: str
COMMAND: str
REPLY: str
EVENT: str
INT: int
FLAG: int
TEXT: int
BLOB: int

class Field(NamedTuple):
    name: str
    kind: int
    low: int
    high: int
    doc: str
    names: tuple[str, ...] | None

def uint(name: str, high: int = ..., doc: str = "") -> Field: ...
def sint(name: str, low: int = ..., high: int = ..., doc: str = "") -> Field: ...
def enum(name: str, names: tuple[str, ...], doc: str = "") -> Field: ...
def flag(name: str, doc: str = "") -> Field: ...
def text(name: str, high: int, doc: str = "") -> Field: ...
def blob(name: str, low: int, high: int | None = None, doc: str = "") -> Field: ...

class Message:
    id: int
    name: str
    sender: str
    kind: str
    doc: str
    fields: tuple[Field, ...]
    count: int
    kinds: bytes
    bounds: array[int]
    mark: bytes
    def __init__(self, id: int, name: str, sender: str, kind: str, doc: str, *fields: Field) -> None: ...
    @property
    def names(self) -> list[str]: ...
    @property
    def index(self) -> dict[str, int]: ...
    def new(self) -> list[int | bool | str | bytes]: ...
    def check(self, values: Sequence[object]) -> None: ...

def accepts(kind: int, low: int, high: int, value: object) -> bool: ...
def build_index(table: Sequence[Message]) -> dict[int, Message]: ...
def digest(table: Sequence[Message]) -> bytes: ...
