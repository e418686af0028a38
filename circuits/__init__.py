"""The statement as tables and buses: one folder for each table, `air.py` for its algebra, `witness.py` to
fill it.

The verifier loads the algebra only. SPEC §5 lists the tables, their columns and why each constraint is
needed.
"""
