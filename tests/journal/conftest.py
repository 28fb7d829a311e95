import pytest

from tests.journal import servers


@pytest.fixture(scope="session")
def server():
    """A server of PostgreSQL that is ours."""
    yield from servers.opened()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """The address of an empty journal, in each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    import psycopg

    url = request.getfixturevalue("server").url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("drop table if exists thalweg_runs, thalweg_entries, thalweg_large")
    return url
