"""Nothing of a record on hold is deleted by whatever hand."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0012_records_can_be_held"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="consent",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.patient_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="2dbdd2e74eede4dc1bc0f820fb5fa7c5ac3f7905",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_c2107",
                    table="intake_consent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="observation",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.patient_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="293770da0ac70f0c7e5c810729e194903f655cfc",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_bbcfd",
                    table="intake_observation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patient",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="4a43d0dbee18e9700cd2f4b799653b2717bc141d",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_69024",
                    table="intake_patient",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientreply",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT s.patient_id FROM intake_screening s JOIN intake_screeningdecision d ON d.screening_id = s.id WHERE d.id = OLD.question_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="73914583a0add111f727c69a4ab29b6cdf3011ba",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_8cc05",
                    table="intake_patientreply",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="questionnaireresponse",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.patient_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="6864daf24dfa7c41edf75dad76e5d310dd690464",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_0fc47",
                    table="intake_questionnaireresponse",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="recordhold",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.patient_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="28466e2109122101ce702028f121ad7c618fd853",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_ed6ba",
                    table="intake_recordhold",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="screening",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (OLD.patient_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="a3496303f755218c59971c3556779a6b04e19a86",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_da0f9",
                    table="intake_screening",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="screeningdecision",
            trigger=pgtrigger.compiler.Trigger(
                name="kept_on_hold",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF EXISTS (SELECT 1 FROM intake_patient p WHERE p.id = (SELECT s.patient_id FROM intake_screening s WHERE s.id = OLD.screening_id) AND p.kept_on_hold) THEN\n              RAISE EXCEPTION 'the record is on hold'\n                USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_on_hold';\n            END IF;\n            RETURN OLD;\n        ",
                    hash="a1be56247e5b9bef054ddb334818a23b20d3f5e0",
                    operation="DELETE",
                    pgid="pgtrigger_kept_on_hold_2bc81",
                    table="intake_screeningdecision",
                    when="BEFORE",
                ),
            ),
        ),
    ]
