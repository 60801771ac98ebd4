from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., object])

MICROPYTHON: bool

class micropython:
    @staticmethod
    def viper(function: _F) -> _F: ...

def const(value: _T) -> _T: ...
def ptr8(buffer: bytes | bytearray | str) -> bytes | bytearray: ...
def ptr32(buffer: _T) -> _T: ...
