"""No visit of a record on hold, nor what was written down about it, is deleted by whatever hand."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("booking", "0040_stories_have_a_pace"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="aftercareanswer",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT a.patient_id FROM booking_appointment a WHERE a.id = OLD.appointment_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="2b81280da35d5cc07e9dfbfec1f81db9c1c579fd",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_12e3f",
                    table="booking_aftercareanswer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="appointment",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.patient_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="1805bfe565579358c175e06f1c090f3ee2c0f9ed",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_d0ee8",
                    table="booking_appointment",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="encounter",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT a.patient_id FROM booking_appointment a WHERE a.id = OLD.appointment_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="4042ff85b5aaaa1734a408d769b90126313223ea",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_abdda",
                    table="booking_encounter",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incident",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT a.patient_id FROM booking_appointment a WHERE a.id = OLD.appointment_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="97b63ebb7333f42318ac8cee3329a3f1f6521bdd",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_2eb1f",
                    table="booking_incident",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="incidententry",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT a.patient_id FROM booking_appointment a JOIN booking_incident i ON i.appointment_id = a.id WHERE i.id = OLD.incident_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="d66de1993fea0bc893089e9f611964177163df8d",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_aad73",
                    table="booking_incidententry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="treatmentrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT a.patient_id FROM booking_appointment a JOIN booking_encounter e ON e.appointment_id = a.id WHERE e.id = OLD.encounter_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="f79742b9fea16633025cbe26d7edb4151128495e",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_9b4c4",
                    table="booking_treatmentrecord",
                    when="BEFORE",
                ),
            ),
        ),
    ]
