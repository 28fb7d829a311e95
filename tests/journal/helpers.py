"""What several tests of the journal need."""


def rows_of(journal, statement):
    """What is in the tables of a journal."""
    with journal.store.lock:
        return journal.store.execute(journal.store.sql(statement)).fetchall()
