"""Pictures out: the file of a row that somebody may see; an address never means another picture."""

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified

from records import pictures
from records.models import Picture


def served(
    request: HttpRequest, picture: Picture, *, is_small: bool = False, marked: Path | None = None
) -> HttpResponse:
    """A picture, its thumbnail or its marked copy, for the browser of this person alone; signing out empties its cache.

    Whether the person may see it the caller has asked. Raises ``Http404`` where the file is gone.
    """
    tag = f'"{picture.uuid.hex}{"-s" * is_small}{"-m" if marked else ""}"'
    if request.headers.get("If-None-Match") == tag:
        return _kept_by_browser(HttpResponseNotModified(), tag)
    path = marked or (pictures.thumb_path(picture) if is_small else pictures.path(picture))
    if not path.exists():
        path = pictures.path(picture)
    try:
        answer = HttpResponse(path.read_bytes(), content_type="image/jpeg")
    except FileNotFoundError:
        raise Http404 from None
    return _kept_by_browser(answer, tag)


def _kept_by_browser(answer: HttpResponse, tag: str) -> HttpResponse:
    answer["Cache-Control"], answer["ETag"] = "private, max-age=31536000, immutable", tag
    return answer
