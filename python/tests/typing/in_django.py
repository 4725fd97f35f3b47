"""Views of Django."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from typing_extensions import assert_type

from sessera.django import (
    CurrentSession,
    UserSession,
    current_session,
    elevate,
    jwks,
    logout_everywhere,
    revoke,
    sessions_of,
)

urlpatterns = [path(".well-known/jwks.json", jwks)]


def account(request: HttpRequest) -> HttpResponse:
    session = current_session(request)
    assert_type(session, CurrentSession)
    if not session:
        return HttpResponse(status=401)
    return JsonResponse({"subject": session.subject, "ends": session.ends_at.isoformat()})


def rise(request: HttpRequest) -> HttpResponse:
    issued = elevate(request, claims={"role": "admin"}, acr="aal2", amr=["pwd", "otp"])
    assert_type(issued.token, str)
    for one in sessions_of(request):
        assert_type(one, UserSession)
        assert_type(revoke(request, one.id, of=42), bool)
    logout_everywhere(request, keep_current=True)
    return HttpResponse()
