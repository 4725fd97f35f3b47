"""The dependencies for FastAPI."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, FastAPI, WebSocket
from starlette.testclient import TestClient

from sessera import Keyring, ManualClock, MemoryStore
from sessera.asgi import Sessera, SesseraMiddleware
from sessera.fastapi import Current, CurrentSession, Required, current_session, session_required


def make(clock: ManualClock) -> TestClient:
    app = FastAPI()
    sessera = Sessera(
        "https://app.example", "web", keyring=Keyring.generate("HS256"), store=MemoryStore(), clock=clock
    )
    app.add_middleware(SesseraMiddleware, sessera=sessera)

    @app.post("/login/{subject}")
    async def log_in(subject: str, session: Current) -> str:
        return (await session.login(subject, acr="aal1", amr=["pwd"])).session.id

    @app.get("/hello")
    def hello(session: Annotated[CurrentSession, Depends(current_session)]) -> str:
        return f"Hello {session.subject}" if session else "Hello"

    @app.get("/account")
    async def account(session: Required) -> str:
        return session.subject

    @app.post("/pay", dependencies=[Depends(session_required(fresh=60, live=True))])
    async def pay() -> str:
        return "paid"

    @app.post("/admin", dependencies=[Depends(session_required(acr="aal2", amr=["otp"]))])
    async def admin() -> str:
        return "done"

    @app.options("/api")
    @app.get("/api")
    async def api(session: Required) -> str:
        return session.subject if session else "nobody"

    @app.post("/elevate")
    async def rise(session: Required) -> None:
        await session.elevate(acr="aal2", amr=["pwd", "otp"])

    @app.websocket("/ws")
    async def ws(websocket: WebSocket, session: Current) -> None:
        await websocket.accept()
        await websocket.send_text(session.subject if session else "nobody")
        await websocket.close()

    return TestClient(app, base_url="https://app.example")


def test_a_preflight_passes_to_a_route_that_takes_options() -> None:
    client = make(ManualClock(1_800_000_000))
    preflight = client.options("/api", headers={"origin": "https://other.example"})
    assert (preflight.status_code, preflight.json()) == (200, "nobody")
    assert client.get("/api").status_code == 401


def test_a_view_gets_its_session_and_is_closed_to_others() -> None:
    client = make(ManualClock(1_800_000_000))
    assert client.get("/hello").json() == "Hello"
    assert client.get("/account").status_code == 401
    client.post("/login/ada")
    assert client.get("/hello").json() == "Hello ada"
    assert client.get("/account").json() == "ada"


def test_a_view_can_ask_for_a_recent_or_a_strong_authentication() -> None:
    clock = ManualClock(1_800_000_000)
    client = make(clock)
    client.post("/login/ada")
    assert client.post("/pay").json() == "paid"
    assert client.post("/admin").status_code == 401
    clock.advance(61)
    assert client.post("/pay").status_code == 401
    client.post("/elevate")
    assert client.post("/pay").json() == "paid"
    assert client.post("/admin").json() == "done"


def test_a_websocket_gets_its_session_too() -> None:
    client = make(ManualClock(1_800_000_000))
    said: list[Any] = []
    for _ in range(2):
        with client.websocket_connect("wss://app.example/ws") as websocket:
            said.append(websocket.receive_text())
        client.post("/login/ada")
    assert said == ["nobody", "ada"]


def test_the_openapi_document_does_not_ask_clients_for_the_session() -> None:
    document = make(ManualClock(0)).get("/openapi.json").json()
    assert "parameters" not in document["paths"]["/account"]["get"]
