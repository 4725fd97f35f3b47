"""Third Steep, a small tea shop: what a Flask app on Sessera looks like.

Run it with `make demo`. The lines that are about sessions are marked with `# sessera`.
"""

from __future__ import annotations

import json
import os
from typing import Any

from flask import Flask, Response, abort, flash, redirect, render_template, request, session, url_for
from sessera.flask import (  # sessera
    Sessera,
    current_session,
    elevate,
    login,
    logout,
    logout_everywhere,
    session_event,
    session_required,
)

import facts
import journal
import people
import teas

POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


# SHOP_INSTANCE may name the folder that keeps the keys; the default is instance/ beside this file.
app = Flask(__name__, instance_path=os.environ.get("SHOP_INSTANCE"))
app.config.update(SESSERA_DEV=True, SESSERA_ALGORITHM="EdDSA")  # sessera: plain http on loopback only
app.config["SESSERA_CSRF"] = "token"  # sessera: every form brings its {{ csrf_field() }}
app.config.from_prefixed_env()  # behind TLS: FLASK_SESSERA_DEV=false
sessera = Sessera(app)  # sessera: keys in the instance folder, flask.session in the token
session_event.connect(journal.observe, app)  # sessera
app.jinja_env.filters["money"] = lambda pence: f"£{pence // 100}.{pence % 100:02}"
app.jinja_env.globals["worker"] = os.getpid


@app.after_request
def add_headers(response: Response) -> Response:
    response.headers.update(POLICY)
    response.headers["X-Worker"] = str(os.getpid())
    return response


@app.context_processor
def everywhere() -> dict[str, Any]:
    cart = session.get("cart", {})
    return {"people": people.PEOPLE, "cart_count": sum(cart.values())}


@app.get("/")
def shop() -> str:
    return render_template("shop.html", teas=teas.TEAS.values(), lines=teas.lines_of(session.get("cart", {})))


@app.post("/cart")
def change_cart() -> Any:
    tea = request.form.get("tea", "")
    if tea not in teas.TEAS:
        abort(404)
    cart = dict(session.get("cart", {}))
    cart[tea] = max(0, min(9, cart.get(tea, 0) + (-1 if request.form.get("less") else 1)))
    session["cart"] = {tea: quantity for tea, quantity in cart.items() if quantity}
    return redirect(url_for("shop", _anchor="cart" if request.form.get("from") == "cart" else f"tea-{tea}"))


@app.route("/login", methods=["GET", "POST"])
def log_in() -> Any:
    then = request.values.get("then", "profile")
    if request.method == "GET":
        return render_template("login.html", then=then, passwords=people.SHOWN_PASSWORDS)
    person = people.check(request.form.get("name", ""), request.form.get("password", ""))
    if person is None:
        journal.write("Wrong name or password")
        return render_template("login.html", then=then, passwords=people.SHOWN_PASSWORDS, wrong=True), 401
    login(person.login, claims={"name": person.name})  # sessera: always a new sid; the old session ends
    return redirect(url_for(then if then in ("profile", "backroom", "shop") else "profile"))


@app.get("/profile")
@session_required  # sessera: 401 for everybody else
def profile() -> str:
    return render_template("profile.html", facts=facts.of_request(sessera.sessions))


@app.get("/backroom")
@session_required
def backroom() -> Any:
    if current_session.claims.get("role") != "admin":
        return redirect(url_for("unlock"))
    return render_template("backroom.html", jwks=json.loads(sessera.sessions.keyring.jwks()))


@app.route("/backroom/unlock", methods=["GET", "POST"])
@session_required
def unlock() -> Any:
    person = people.PEOPLE[current_session.subject]
    if request.method == "GET":
        return render_template("unlock.html", person=person)
    if not person.keeper:
        abort(403, "Only the keeper of the shop has a key to the back room.")
    if people.check(person.login, request.form.get("password", "")) is None:
        journal.write("Wrong password for the back room", who=person.login)
        return render_template("unlock.html", person=person, wrong=True), 401
    elevate(claims={"role": "admin"})  # sessera: a new generation; the old token is refused
    return redirect(url_for("backroom"))


@app.post("/backroom/end")
@session_required
def end_sessions() -> Any:
    if current_session.claims.get("role") != "admin":
        abort(403, "Only the keeper of the shop may do that.")
    sessera.sessions.revoke_subject(request.form.get("subject", ""))  # sessera
    flash("Done. Their next request is refused.")
    return redirect(url_for("backroom"))


@app.get("/journal")
def show_journal() -> str:
    return render_template("journal.html", entries=journal.entries())


@app.post("/logout")
def log_out() -> Any:
    logout()  # sessera: the token is dead from now on, wherever it was copied to
    flash("You are logged out. The old cookie is worthless now: try it.")
    return redirect(url_for("shop"))


@app.post("/logout-everywhere")
@session_required
def log_out_everywhere() -> Any:
    logout_everywhere()  # sessera: every session of this person, on every device
    flash("You are logged out on every device.")
    return redirect(url_for("shop"))


@app.errorhandler(401)
def not_logged_in(_: Exception) -> Any:
    return render_template("problem.html", status=401, then=request.endpoint), 401


@app.errorhandler(403)
@app.errorhandler(404)
def problem(error: Any) -> Any:
    return render_template("problem.html", status=error.code, reason=error.description), error.code
