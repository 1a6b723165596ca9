"""Who is let in: only a browser on this machine that has the address, and only with requests of the pages."""

import pytest


@pytest.fixture(scope="module")
def client(served, filled):
    return served(filled)


def test_the_printed_address_opens_the_first_page(client):
    answer = client.ask("")
    assert answer.status == 200
    assert "<h1>Runs</h1>" in answer.text


def test_the_server_listens_on_loopback_alone(client):
    import socket

    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in others:
        if not address.startswith("127."):
            with socket.socket() as outside:
                outside.settimeout(1)
                assert outside.connect_ex((address, client.served.port)) != 0


@pytest.mark.parametrize("path", ["/", "/wrong/", "/static/browse.js", "/problems?run=a", "/open", "/open?key=wrong"])
def test_without_the_key_nothing_is_shown(client, path):
    answer = client.ask(path)
    assert answer.status == 403
    assert client.key not in answer.text
    assert "samples browse" in answer.text


def test_a_link_of_an_earlier_server_opens_once_the_new_key_is_given(client):
    refused = client.ask("/oldkey/sample?run=a&problem=p1&index=0")
    assert 'value="sample?run=a&amp;problem=p1&amp;index=0"' in refused.text
    opened = client.ask(f"/open?key={client.key}&to=sample%3Frun%3Da%26problem%3Dp1")
    assert (opened.status, opened.headers["location"]) == (303, f"/{client.key}/sample?run=a&problem=p1")
    whole = client.ask(f"/open?key=http%3A%2F%2F127.0.0.1%2F{client.key}%2F&to=")
    assert whole.headers["location"] == f"/{client.key}/"


@pytest.mark.parametrize(
    "to", ["//evil.example/x", "https://evil.example/", "\\\\evil.example", "%0d%0aX: y", "../../x"]
)
def test_the_form_for_the_key_leads_to_this_server_alone(client, to):
    from urllib.parse import quote

    opened = client.ask(f"/open?key={client.key}&to={quote(to)}")
    assert opened.headers["location"].startswith(f"/{client.key}/")
    assert opened.headers["X"] is None


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost", "0.0.0.0:{port}", ""]
)
def test_a_name_that_leads_to_loopback_is_refused(client, host):
    assert client.ask("", Host=host.format(port=client.served.port)).status in {400, 421}


def test_localhost_is_loopback_too(client):
    assert client.ask("", Host=f"localhost:{client.served.port}").status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_origin_is_refused(client, origin, method):
    path = "review" if method == "POST" else ""
    body = "label=valid" if method == "POST" else None
    answer = client.ask(path, method, body, Origin=origin.format(port=client.served.port))
    assert answer.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_page_embeds_is_refused(client, site):
    assert client.ask("", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors", Sec_Fetch_Dest="script").status == 403
    assert client.ask("", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="iframe").status == 403


def test_who_follows_a_link_from_another_page_is_asked_first(client):
    answer = client.ask(
        "problems?run=a&x=%22%3E", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate", Sec_Fetch_Dest="document"
    )
    assert answer.status == 403
    assert f'href="/{client.key}/problems?run=a&amp;x=%22%3E"' in answer.text


def test_a_form_without_an_origin_is_refused(client):
    assert client.ask("review", "POST", "label=valid").status == 403
    assert client.ask("reload", "POST", "").status == 403


def test_a_form_of_another_type_is_refused(client):
    answer = client.ask("review", "POST", "{}", Origin=client.origin, Content_Type="text/plain")
    assert answer.status == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_refused(client, method):
    assert client.ask("", method).status == 405


@pytest.mark.parametrize("path", ["", "nothing", "sample", "static/browse.js", "/wrong", "static/../site.py"])
def test_every_answer_has_the_policy(client, path):
    answer = client.ask(path)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["static/../site.py", "static/%2e%2e/site.py", "static//etc/passwd", "static/"])
def test_only_the_two_files_of_the_pages_are_served(client, path):
    assert client.ask(path).status in {404, 405}


def test_a_port_that_is_taken_is_an_error(client, filled):
    from samples.errors import UsageError

    with pytest.raises(UsageError, match=f"port {client.served.port} of 127.0.0.1"):
        filled.browse(port=client.served.port)
