"""Who asks the interface for programs: a program with a key of its own, or somebody who is signed in."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from governance.models import ApiKey
from governance.programs import program_of
from governance.signing_in import count_wrong_key

WORD = "Api-Key"


class ProgramKey(BaseAuthentication):
    """``Authorization: Api-Key …``; ``request.user`` is then the program's ``ApiKey``."""

    def authenticate(self, request: Request) -> tuple[ApiKey, None] | None:
        word, _, text = request.headers.get("Authorization", "").partition(" ")
        if word.casefold() != WORD.casefold():
            return None
        now = timezone.now()
        program = program_of(text.strip(), now=now)
        if program is None:
            count_wrong_key(request, text, now=now)
            raise exceptions.AuthenticationFailed("对接密钥不对、已到期或已停用，请向系统管理员核对。")
        return program, None

    def authenticate_header(self, request: Request) -> str:
        """Who came with a key is answered about the key, everybody else as on all pages (``governance.middleware``)."""
        return WORD if "Authorization" in request.headers else "Session"


class KeyScheme(OpenApiAuthenticationExtension):
    """How the description of the interface speaks of ``ProgramKey``."""

    target_class, name = ProgramKey, "programKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        told = f"`{WORD} …`：系统管理员发给对接系统的密钥；只用于查看类别、上报、留言、上传照片和查看自己上报的案件"
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": told}


class SignedInOrOpenToPrograms(BasePermission):
    """Somebody who is signed in; a program only where the view says that it is ``for_programs``."""

    message = "对接密钥只用于查看类别、上报、留言、上传照片和查看自己上报的案件。"

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.user, ApiKey):
            return getattr(view, "for_programs", False)
        return bool(request.user and request.user.is_authenticated)
