import os
import socket

from services.common.net import free_port, is_free, port_holder


def test_a_taken_port_says_by_whom_and_is_not_given_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not is_free(port)
        holder = port_holder(port)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert "py" in holder.command
        assert free_port(port) != port
    assert port_holder(port) is None
    assert free_port(port) == port
