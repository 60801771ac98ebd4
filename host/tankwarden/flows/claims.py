"""Persons' claims: stored before they act, so that a restart neither forgets nor prolongs them."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from tankwarden.logic.claims import Claim


class Keeps(Protocol):
    """What is needed of store.Recorder."""

    def claim_store(self, claim: Claim) -> None: ...
    def claim_end(self, output: str, claim_id: str) -> None: ...


class ClaimBook:
    """The claims with an end that live now. stored: those that a restart found open."""

    def __init__(self, recorder: Keeps, stored: Iterable[Claim]) -> None:
        self._recorder = recorder
        self._claims = {(claim.output, claim.id): claim for claim in stored}

    def living(self, now_ms: int) -> tuple[Claim, ...]:
        """Those that count now; the others are forgotten."""
        self._claims = {key: c for key, c in self._claims.items() if c.until_ms is None or now_ms < c.until_ms}
        return tuple(self._claims.values())

    async def add(self, claim: Claim) -> None:
        """Store it, then let it act. StoreError, and it does not act, if it cannot be stored."""
        await asyncio.to_thread(self._recorder.claim_store, claim)
        self._claims[claim.output, claim.id] = claim

    def end(self, output: str, claim_id: str) -> bool:
        """Let it act no more, at once. False if there is none of that name."""
        if self._claims.pop((output, claim_id), None) is None:
            return False
        self._recorder.claim_end(output, claim_id)
        return True
