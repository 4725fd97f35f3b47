"""A Django project of one file: its settings, its views, its URLs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

ORIGIN = "https://shop.example"

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["shop.example", "testserver"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
        ],
        MIDDLEWARE=[
            "sessera.django.SesseraMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="for the tests only",
        SESSION_ENGINE="sessera.django",
        SESSION_COOKIE_NAME="__Host-session",
        SESSION_COOKIE_SECURE=True,
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash  # noqa: E402
from django.contrib.auth.decorators import login_required  # noqa: E402
from django.http import HttpResponse as Response  # noqa: E402
from django.http import JsonResponse, StreamingHttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

from sessera.django import current_session, elevate, logout_everywhere, revoke, sessions_of  # noqa: E402


def whoami(request: HttpRequest) -> HttpResponse:
    session = current_session(request)
    facts: dict[str, Any] = {"user": request.user.get_username() or None, "error": session.error}
    if session:
        facts |= {
            "subject": session.subject,
            "id": session.id,
            "generation": session.generation,
            "claims": dict(session.claims),
        }
    return JsonResponse(facts)


def untouched(_request: HttpRequest) -> HttpResponse:
    return Response("untouched")


def data(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        request.session.update(json.loads(request.body))
    return JsonResponse({name: value for name, value in request.session.items() if name[0] != "_"})


@login_required
def members(request: HttpRequest) -> HttpResponse:
    return Response(request.user.get_username())


def public(request: HttpRequest) -> HttpResponse:
    session = current_session(request)
    return Response(session.subject if session else session.error or "nobody")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(str(current_session(request).error) for _ in range(1))


def looks_at_the_session(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware that does."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.session.get("seen")
        return get_response(request)

    return handle


def log_in(request: HttpRequest) -> HttpResponse:
    user = authenticate(request, username=request.POST["name"], password=request.POST["password"])
    if user is None:
        return Response(status=403)
    login(request, user)
    return Response(current_session(request).subject)


def log_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return Response("bye")


def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    return Response(str(logout_everywhere(request, keep_current="keep" in request.GET)))


def sessions(request: HttpRequest) -> HttpResponse:
    listed = sessions_of(request, request.GET.get("of"))
    return JsonResponse([[one.id, one.label, one.current] for one in listed], safe=False)


def end_session(request: HttpRequest, sid: str) -> HttpResponse:
    if "of" in request.GET:
        return JsonResponse(revoke(request, sid, of=request.GET["of"] or None), safe=False)
    return JsonResponse(revoke(request, sid), safe=False)


def rise(request: HttpRequest) -> HttpResponse:
    elevate(request, claims={"role": "admin"}, acr="aal2")
    return Response("up", status=500 if "fail" in request.GET else 200)


def flush(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return Response("flushed")


def change_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    user.set_password(request.POST["password"])
    user.save()
    update_session_auth_hash(request, user)
    return Response("changed")


def cycle(request: HttpRequest) -> HttpResponse:
    request.session.cycle_key()
    return Response("cycled")


#: The clock of the tests in tests/life, whose slow view moves it.
life_clock: Any = None


def life_read(request: HttpRequest) -> HttpResponse:
    session = current_session(request)
    if session:
        return JsonResponse({"subject": session.subject, "generation": session.generation})
    return JsonResponse({"subject": None, "error": session.error})


def life_logout(request: HttpRequest) -> HttpResponse:
    logout(request)
    return Response(str(request.session.revocation))  # type: ignore[attr-defined]


def life_write(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return life_read(request)


def life_slow(request: HttpRequest) -> HttpResponse:
    life_clock.advance(20)
    return life_read(request)


urlpatterns = [
    path("life/read", life_read),
    path("life/write", life_write),
    path("life/slow", life_slow),
    path("life/logout", life_logout),
    path("admin/", admin.site.urls),
    path("whoami", whoami),
    path("untouched", untouched),
    path("data", data),
    path("members", members),
    path("public", public),
    path("stream", stream),
    path("login", log_in),
    path("logout", log_out),
    path("sessions", sessions),
    path("revoke/<str:sid>", end_session),
    path("logout-everywhere", log_out_everywhere),
    path("elevate", rise),
    path("password", change_password),
    path("cycle", cycle),
    path("flush", flush),
]
