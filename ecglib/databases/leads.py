"""Names of leads: one spelling for all databases."""

from __future__ import annotations

from ecglib.errors import LeadError

TWELVE_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The twelve standard leads, in the order of every 12-lead database."""

KNOWN_LEADS = (*TWELVE_LEADS, "MLII")
"""Every lead of the four databases; MLII is the modified lead II of ambulatory recorders."""

_SPELLING = {name.upper(): name for name in KNOWN_LEADS}


def lead_name(written: str) -> str:
    """Give a lead's name as textbooks spell it.

    Parameters
    ----------
    written : str
        As a header has it, such as ``"avr"`` or ``"AVR"``.

    Raises
    ------
    LeadError
        If no lead has this name.

    Notes
    -----
    Source: PTB-XL writes AVR, LUDB avr, Chapman aVR. Taught in chapter ``00_reading_an_ecg``.

    Examples
    --------
    >>> lead_name("avr")
    'aVR'
    """
    try:
        return _SPELLING[written.strip().upper()]
    except KeyError:
        raise LeadError(
            "a lead that nobody knows",
            expected=f"one of {', '.join(KNOWN_LEADS)}",
            found=repr(written),
            remedy="name the lead in the header as textbooks do, or leave this record out",
        ) from None
