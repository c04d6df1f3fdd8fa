"""The file of a case on A4: what was reported, decided and seen, with what proves that nothing was changed since."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from desk import history
from desk.proof import DIFFERS, ERASED, FITS, UNCHECKED, proof_of
from desk.views.case import case_context, visible_case
from governance.actions import log_access


@login_required
@require_safe
def case_file(request: HttpRequest, case_uuid: uuid.UUID) -> HttpResponse:
    """The file of a case; who took it is written down."""
    case, now = visible_case(request, case_uuid), timezone.now()
    proof = proof_of(case)
    rows = history.picture_rows([one.photo for one in proof.photos])
    context = case_context(request, case) | {
        "proof": proof,
        "photos": list(zip(rows, proof.photos, strict=True)),
        "words_fit": proof.number_of_words(FITS),
        "words_erased": proof.number_of_words(ERASED),
        "words_differ": proof.number_of_words(DIFFERS),
        "files_fit": proof.number_of_files(FITS),
        "files_unchecked": proof.number_of_files(UNCHECKED),
    }
    log_access(f"case:{case.pk}:file", by=request.user, reason=f"打印案卷 {case.number}", now=now)
    return render(request, "desk/file.html", context)
