"""The tests' own database: real, migrated, and met with the rights of the app role."""

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.embedded.postgres import APP
from deploy.embedded.throwaway import Throwaway
from tests.conftest import SERVERS, WORKER, WORKER_NUMBER, TestBroker, servers_start


def test_connects_as_the_app_role_which_owns_nothing() -> None:
    servers: Throwaway = servers_start()
    with psycopg.connect(servers.cluster.url(APP)) as connection:
        role = connection.execute(
            "SELECT current_user, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert role == (APP, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE sneaked_in (id int)")


def test_a_wrong_password_is_refused_on_the_socket() -> None:
    servers = servers_start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(host=str(servers.cluster.socket_folder), user=APP, password="guess", dbname="spoor")


def test_redis_database_is_empty_and_reachable(embedded_redis: TestBroker) -> None:
    import redis

    with redis.Redis(unix_socket_path=str(embedded_redis.socket), db=embedded_redis.database) as client:
        assert client.dbsize() == 0
        client.set("spoor", "1")
        assert client.get("spoor") == b"1"
    assert Path(embedded_redis.socket).parent.stat().st_mode & 0o777 == 0o700


def test_store_and_broker_are_this_workers_own(settings: Any) -> None:
    assert os.environ["SPOOR_STORE_URL"] == settings.SPOOR_STORE_URL
    assert settings.SPOOR_STORE_URL.endswith(f"/{WORKER}")
    assert SERVERS.broker.url(WORKER_NUMBER) == settings.CELERY_BROKER_URL
