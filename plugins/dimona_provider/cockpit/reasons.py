"""Reasons that people type: one line, never empty, never with a national number."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Form, HTTPException

from dimona_provider.domain.ssin_search import contains_ssin


def read_reason(reason: Annotated[str, Form(max_length=500)] = "") -> str:
    """Return a reason on one line. Raises HTTPException 400 for an empty one, and for one with an SSIN."""
    said = " ".join(reason.replace("\0", " ").split())
    if not said or contains_ssin(said):
        raise HTTPException(400, "reason")
    return said


Reason = Annotated[str, Depends(read_reason)]
