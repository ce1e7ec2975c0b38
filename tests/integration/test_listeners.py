"""Ports that are reserved before anybody serves them."""

import errno
import socket

import pytest

from gateway.config import Listen
from gateway.listeners import reserved_ports

FREE = Listen(host="127.0.0.1", port=0, plain_http_port=0, metrics_port=0)


def test_a_free_port_cannot_be_taken_by_others_before_it_is_served() -> None:
    with reserved_ports(FREE) as listen:
        for port in (listen.port, listen.plain_http_port, listen.metrics_port):
            with pytest.raises(OSError) as refused:
                socket.create_server(("127.0.0.1", port or 0))
            assert refused.value.errno == errno.EADDRINUSE


def test_processes_of_this_user_serve_a_reserved_port_together() -> None:
    with reserved_ports(FREE) as listen:
        address = ("127.0.0.1", listen.port)
        with (
            socket.create_server(address, reuse_port=True),
            socket.create_server(address, reuse_port=True),
        ):
            pass


def test_lingering_connections_of_another_server_do_not_hold_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        with socket.create_connection(address) as client:
            connection, _ = server.accept()
            connection.close()  # the side that closes first lingers
            assert client.recv(1) == b""
    with reserved_ports(Listen(host=address[0], port=address[1])) as listen:
        assert listen.port == address[1]


def test_metrics_have_an_address_of_their_own() -> None:
    with reserved_ports(FREE.model_copy(update={"metrics_host": "127.0.0.2"})) as listen:
        port = listen.metrics_port or 0
        with socket.create_server(("127.0.0.1", port)):
            pass
        with pytest.raises(OSError) as refused:
            socket.create_server(("127.0.0.2", port))
        assert refused.value.errno == errno.EADDRINUSE
