import os
import socket

import pytest

from scripts.desk.supervisor.ports import free_port, holder, is_free, next_free_port


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_not_free_and_says_who_holds_it(taken):
    assert not is_free(taken)
    assert f"pid {os.getpid()}" in holder(taken)


def test_a_preferred_port_is_kept_when_it_is_free_and_left_when_it_is_not(taken):
    port = free_port()
    assert free_port(port) == port
    assert free_port(taken) != taken


def test_the_next_free_port_skips_the_taken_one(taken):
    assert next_free_port(taken) != taken
    assert next_free_port(taken, tries=1) is None


def test_a_port_nobody_holds_says_so():
    assert holder(free_port()) == "nobody any more"
