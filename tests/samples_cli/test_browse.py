"""`samples browse`: prints an address, serves it, and ends at Ctrl-C."""

import signal
import subprocess
import sys
import time
import urllib.request

import pytest


@pytest.fixture
def browsing(filled):
    """Return a function that starts `samples browse`, and returns the process and the printed address."""
    running = []

    def start(*more):
        command = [sys.executable, "-m", "samples", "browse", "--lake", filled.uri, *more]
        command = ["env", "--default-signal=INT", *command]  # a shell's background jobs ignore Ctrl-C
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.mark.heavy
def test_browse_prints_an_address_that_opens_and_ends_at_ctrl_c(browsing):
    process, url = browsing()
    with urllib.request.urlopen(url) as page:
        assert b"<h1>Runs</h1>" in page.read()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert err == "Open this address in a web browser. Ctrl-C ends the server.\n"


@pytest.mark.heavy
def test_ctrl_c_does_not_wait_for_an_open_connection(browsing):
    import socket

    process, url = browsing()
    port = int(url.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port)) as waiting:
        waiting.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err


def test_browse_without_its_packages_names_the_extra(filled):
    code = "import sys; sys.modules['starlette'] = None; from samples_cli.main import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "browse", "--lake", filled.uri]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = "samples: browse: the package starlette is not installed: pip install 'samples[browse]'\n"
    assert done.stderr == said


def test_help_says_how_to_reach_a_lake_on_another_machine(samples):
    _, out, _ = samples("browse", "--help")
    assert "ssh -L PORT:127.0.0.1:PORT HOST" in " ".join(out.split())


def test_a_reviewer_that_cannot_be_seen_is_refused(samples, filled):
    code, _, err = samples("browse", "--lake", filled.uri, "--reviewer", " ")
    assert code == 2
    assert "reviewer" in err
