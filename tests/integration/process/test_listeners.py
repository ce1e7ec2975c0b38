"""Ports that are bound before a process serves them."""

import errno
import socket

import pytest
from msgspec import structs

from gateway.config import Listen
from gateway.errors import OperatorMistake
from gateway.process.sockets import bound_ports

FREE = Listen(host="127.0.0.1", port=0, plain_http_port=0, metrics_port=0)


def test_a_free_port_cannot_be_taken_by_others_before_it_is_served() -> None:
    with bound_ports(FREE) as ports:
        listen = ports.listen
        for port in (listen.port, listen.plain_http_port, listen.metrics_port):
            with pytest.raises(OSError) as refused:
                socket.create_server(("127.0.0.1", port or 0))
            assert refused.value.errno == errno.EADDRINUSE


def test_a_port_that_is_served_cannot_be_bound_again() -> None:
    with bound_ports(FREE) as ports:
        ports.sockets["port"].listen()
        taken = Listen(host="127.0.0.1", port=ports.listen.port)
        with pytest.raises(OperatorMistake, match=r"listen\.port: cannot use"), bound_ports(taken):
            pass


def test_lingering_connections_of_another_server_do_not_hold_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client:
            connection, _ = server.accept()
            connection.close()  # the side that closes first lingers
            assert client.recv(1) == b""
    with bound_ports(Listen(host=address[0], port=address[1])) as ports:
        listen = ports.listen
        assert listen.port == address[1]


def test_metrics_have_an_address_of_their_own() -> None:
    with bound_ports(structs.replace(FREE, metrics_host="127.0.0.2")) as ports:
        listen = ports.listen
        port = listen.metrics_port or 0
        with socket.create_server(("127.0.0.1", port)):
            pass
        with pytest.raises(OSError) as refused:
            socket.create_server(("127.0.0.2", port))
        assert refused.value.errno == errno.EADDRINUSE
