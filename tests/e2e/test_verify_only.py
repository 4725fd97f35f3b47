"""The Java examples of the page on services that only verify: Nimbus and Spring Security, as they are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from flask import Flask
from sessera import Keyring, Sessions, jose
from sessera.flask import Sessera, jwks

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "how-to" / "verify-only.md"
ISSUER, URL = "https://shop.example", "https://shop.example/.well-known/jwks.json"

PROGRAM = """
import com.nimbusds.jose.*;
import com.nimbusds.jose.jwk.source.*;
import com.nimbusds.jose.proc.*;
import com.nimbusds.jwt.*;
import com.nimbusds.jwt.proc.*;
import java.net.URI;
import java.util.*;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.*;

public class VerifyOnly {
    static String nimbus(String token) throws Exception {
        %s
        return claims.getSubject();
    }

    static String spring(String token) {
        %s
        return jwt.getSubject();
    }

    public static void main(String[] tokens) {
        for (String token : tokens) {
            String nimbus, spring;
            try { nimbus = nimbus(token); } catch (Exception refused) { nimbus = "refused: " + refused; }
            try { spring = spring(token); } catch (Exception refused) { spring = "refused: " + refused; }
            System.out.println(nimbus + "|" + spring);
        }
    }
}
"""


def tool(name: str) -> str | None:
    return shutil.which(name)


class Quiet(WSGIRequestHandler):
    """Logs no request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Do nothing."""


@pytest.fixture
def ring() -> Keyring:
    return Keyring.generate("ES256")


@pytest.fixture
def published(ring: Keyring) -> Iterator[str]:
    """The URL of the application's keys."""
    app = Flask("web")
    app.config.update(SESSERA_ISSUER=ISSUER, SESSERA_KEYRING=ring, SESSERA_STORE="memory")
    Sessera(app)
    app.add_url_rule("/.well-known/jwks.json", view_func=jwks)
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def classpath(tmp_path_factory: pytest.TempPathFactory) -> str:
    if tool("mvn") is None or tool("javac") is None:
        pytest.skip("there is no JDK with Maven")
    file = tmp_path_factory.mktemp("jvm") / "classpath"
    command = [str(tool("mvn")), "-q", "-B", "--no-transfer-progress", "-f", str(HERE / "jvm" / "pom.xml")]
    subprocess.run([*command, "dependency:build-classpath", f"-Dmdep.outputFile={file}"], check=True)
    return file.read_text(encoding="utf-8").strip()


def test_the_java_examples_accept_a_session_and_nothing_else(
    published: str, ring: Keyring, classpath: str, tmp_path: Path
) -> None:
    nimbus, spring = re.findall(r"```java\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    source = (PROGRAM % (nimbus, spring)).replace(URL, published)
    (tmp_path / "VerifyOnly.java").write_text(source, encoding="utf-8")
    path = f"{classpath}:{tmp_path}"
    compiler = [str(tool("javac")), "-proc:none", "-cp", path, "-d", str(tmp_path)]
    subprocess.run([*compiler, str(tmp_path / "VerifyOnly.java")], check=True)
    good = Sessions(ISSUER, "web", keyring=ring).issue("ada").token
    claims = jose.jws.verify(good, "session+jwt", ring)
    old = {**json.loads(claims), "iat": 1, "nbf": 1, "exp": 1}
    tokens = [
        good,
        jose.jws.sign(claims, "visitor+jwt", ring),
        Sessions(ISSUER, "blog", keyring=ring).issue("ada").token,
        Sessions("https://other.example", "web", keyring=ring).issue("ada").token,
        Sessions(ISSUER, "web", keyring=Keyring.generate("ES256")).issue("ada").token,
        jose.jws.sign(json.dumps(old).encode(), "session+jwt", ring),
    ]
    done = subprocess.run(
        [str(tool("java")), "-cp", path, "VerifyOnly", *tokens], check=True, capture_output=True, text=True
    )
    answers = [line.split("|") for line in done.stdout.splitlines()]
    assert answers[0] == ["ada", "ada"]
    for answer in answers[1:]:
        assert [said.partition(":")[0] for said in answer] == ["refused", "refused"], answer
    assert len(answers) == len(tokens)
