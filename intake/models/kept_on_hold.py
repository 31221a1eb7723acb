"""A rule of the database for the rows of a record: while a complaint or claim holds it, none of them is deleted."""

from typing import Final

import pgtrigger

IS_HELD: Final = "record_is_on_hold"


def kept_on_hold(patient: str) -> pgtrigger.Trigger:
    """No row is deleted while the record that it belongs to is on hold, by whatever hand. `patient` finds the patient's
    id from OLD, as SQL.
    """
    return pgtrigger.Trigger(
        name="kept_on_hold",
        operation=pgtrigger.Delete,
        when=pgtrigger.Before,
        func=f"""
            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = ({patient}) AND p.kept_on_hold) THEN
              RAISE EXCEPTION 'the record is on hold'
                USING ERRCODE = 'check_violation', CONSTRAINT = '{IS_HELD}';
            END IF;
            RETURN OLD;
        """,  # noqa: S608 - of words of this code only
    )
