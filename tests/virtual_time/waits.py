"""Measures timed waits of CPython by its clocks, one line each: NAME WANTED MEASURED, in nanoseconds. asyncio rounds its
timeouts up to milliseconds itself, so that its measures are compared in milliseconds."""

import asyncio
import queue
import selectors
import socket
import subprocess
import sys
import threading
import time

MS = 1_000_000
TIMES = [MS, 250 * MS, 60_000 * MS, 864_000_000 * MS]


def measure(name, wanted, wait):
    begun = time.monotonic_ns()
    wait(wanted / 1e9)
    print(name, wanted, time.monotonic_ns() - begun)


def timed_lock(seconds):
    lock = threading.Lock()
    lock.acquire()
    assert not lock.acquire(timeout=seconds)


def timed_queue(seconds):
    try:
        queue.Queue().get(timeout=seconds)
    except queue.Empty:
        return
    raise AssertionError


def timed_socket(seconds):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with socket.create_connection(listener.getsockname()) as client:
            client.settimeout(seconds)
            try:
                client.recv(1)
            except TimeoutError:
                return
    raise AssertionError


def timed_child(seconds):
    subprocess.run([sys.executable, "-c", f"import time; time.sleep({seconds})"], check=True)


async def many():
    await asyncio.gather(*[asyncio.sleep(number / 1000) for number in range(1000)])


async def cancelled():
    try:
        await asyncio.wait_for(asyncio.sleep(3600), 7)
    except asyncio.TimeoutError:
        return
    raise AssertionError


def in_threads(loop_factory=None):
    """Twenty threads, each with an event loop of its own."""
    late = []

    def body(number):
        begun = time.monotonic_ns()
        asyncio.run(asyncio.sleep(number))
        took = time.monotonic_ns() - begun
        if took // MS != number * 1000:
            late.append((number, took))

    threads = [threading.Thread(target=body, args=(number,)) for number in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not late, late


def main():
    for wanted in TIMES:
        measure("sleep", wanted, time.sleep)
        measure("select", wanted, lambda seconds: selectors.DefaultSelector().select(seconds))
        measure("child", wanted, timed_child)
        measure("asyncio_ms", wanted, lambda seconds: asyncio.run(asyncio.sleep(seconds)))
        # CPython takes these as floating-point seconds and rounds them.
        measure("event_us", wanted, lambda seconds: threading.Event().wait(seconds))
        measure("lock_us", wanted, timed_lock)
        measure("socket_ms", wanted, timed_socket)
        if wanted < TIMES[-1]:
            measure("queue_us", wanted, timed_queue)
    measure("asyncio_thousand_ms", 999 * MS, lambda _: asyncio.run(many()))
    measure("asyncio_timeout_ms", 7000 * MS, lambda _: asyncio.run(cancelled()))
    measure("threads_ms", 20_000 * MS, lambda _: in_threads())
    if "uvloop" in sys.argv:
        import uvloop

        uvloop.install()
        measure("uvloop_ms", 60_000 * MS, lambda seconds: asyncio.run(asyncio.sleep(seconds)))
        measure("uvloop_thousand_ms", 999 * MS, lambda _: asyncio.run(many()))


main()
