"""Forms that write: the same one sent twice is done once, also with files; one without its key is not done at all."""

import uuid
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone

from governance.refusals import Unavailable
from governance.responses import in_one, refusal_body, refusal_json, wants_json, with_status
from governance.responses import refused as as_refused
from governance.wording import ask_by_name
from records.given import MOST_PHOTOS
from records.models import Picture
from records.pictures import MAX_BYTES, TOO_LARGE
from records.refusals import Forbidden, KeyReused, Refused, TooFast, Unfit

MISSING = "这次提交缺少防止重复的编号，没有保存。填写的文字都在，照片须重新选择；请核对后再提交一次。"


class KeyField(forms.UUIDField):
    """The page's own id of what it sends (docs/decisions/0014); a page that came without one gets a new one."""

    def __init__(self) -> None:
        errors = {"required": MISSING, "invalid": MISSING}
        super().__init__(widget=forms.HiddenInput, initial=uuid.uuid4, error_messages=errors)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The key that came, if it is one: nothing was written under it, so it can be sent again."""
        try:
            return self.clean(data)
        except forms.ValidationError:
            return initial


class KeyedForm(forms.Form):
    """What a page sends to be written; ``key`` is the page's own."""

    SENT_BEFORE = "这张表单已经提交过，这次的内容不同，没有再办。确要再办，请核对后再提交一次。"

    data: QueryDict
    key = KeyField()
    #: What the door or a photo was refused with, where the form comes back for that.
    refusal: Refused | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            ask_by_name(field)

    def add_error(self, field: str | None, error: Any) -> None:
        """Nobody sees the key: what is wrong with it stands above the form."""
        super().add_error(None if field == "key" else field, error)

    def refuse(self, refusal: Refused) -> None:
        """Say what the door said, at its field."""
        self.refusal = refusal
        if isinstance(refusal, KeyReused):
            self.add_error(None, self.SENT_BEFORE)
            self.data = self.data.copy()
            self.data["key"] = str(uuid.uuid4())
        else:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.sentence)

    def refuse_photos(self, refused: dict[str, list[Refused]]) -> None:
        """Say at their fields which files were not taken; the others stay in the form."""
        for name in refused.keys() & self.fields.keys():
            self.errors.pop(name, None)  # that one is missing is said by what is wrong with it
            for refusal in refused[name]:
                self.add_error(name, refusal.sentence)
                if not isinstance(refusal, Unfit):
                    self.refusal = refusal


def shown_again(response: HttpResponse, form: KeyedForm) -> HttpResponse:
    """The response that shows a form which was not taken: 422, or the status that it was refused with."""
    return as_refused(response, form.refusal) if form.refusal else with_status(response, 422)


# What a phone sends that kept it (static/js/field/outbox.js) -------------------------------------------------------

ANOTHERS = "这是另一位同事存在本机的，请由本人登录后上传。"


def anothers(request: HttpRequest) -> HttpResponse | None:
    """The refusal of what waited in a phone for another person than the one who has signed in; it stays there."""
    if request.POST.get("owner", str(request.user.pk)) == str(request.user.pk):
        return None
    if wants_json(request):
        return refusal_json(Forbidden(ANOTHERS, field="owner"))
    raise PermissionDenied(ANOTHERS)


def taken_json(url: str, *, is_repeat: bool, **more: Any) -> JsonResponse:
    """What a script is told of a form that was taken, now or before: where it leads."""
    return JsonResponse({"url": url, **more}, status=200 if is_repeat else 201)


def has_moved_on(form: KeyedForm) -> bool:
    """Whether the record as it stands now is what stands in the way, and not what was given or the moment."""
    return bool(form.refusal) and not isinstance(form.refusal, Unfit | KeyReused | TooFast | Unavailable)


def refused_json(form: KeyedForm, **more: Any) -> HttpResponse:
    """What a script is told of a form that was not taken, sentence by field."""
    errors: Any = form.errors
    if isinstance(form.refusal, KeyReused):
        more["key"] = form.data["key"]  # what is pressed again is something else
    sentence = in_one(errors) or (form.refusal.sentence if form.refusal else "")
    return shown_again(JsonResponse(refusal_body(sentence, errors, **more)), form)


class PhotosWidget(forms.ClearableFileInput):
    """File input plus the ids of photos that are already there, so that an error loses no picture.

    ``address`` is where pictures are sent and lie.
    """

    address: str
    template_name = "_components/photos_widget.html"
    allow_multiple_selected = True

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, None, attrs)
        context["widget"] |= {"ids": [v for v in value or [] if v], "address": self.address}
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        values = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
        return [value for value in ([values] if isinstance(values, str) else values) if value]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data


class PhotosField(forms.Field):
    """Ids of uploaded photos; the view stores uploaded files first and gives their ids here."""

    widget = PhotosWidget
    default_error_messages = {"required": "请至少拍一张照片。"}

    def __init__(self, *, address: str, most: int = MOST_PHOTOS, **options: Any) -> None:
        self.most = most
        super().__init__(**options)
        self.widget.address = address
        self.widget.attrs |= {"accept": "image/*", "data-photos": "", "capture": "environment"}
        if most > 1:
            self.widget.attrs["multiple"] = True

    def to_python(self, value: Any) -> list[uuid.UUID]:
        try:
            ids = [uuid.UUID(str(one)) for one in value or []]
        except ValueError:
            raise forms.ValidationError("照片标识不正确，请重新拍照。") from None
        if len(ids) > self.most:
            raise forms.ValidationError(f"最多 {self.most} 张照片。")
        return ids


def with_uploads(
    request: HttpRequest, room: Mapping[str, int], store: Callable[..., Picture]
) -> tuple[QueryDict, dict[str, list[Refused]]]:
    """The posted data with the files of some fields stored and named by their ids; and what was refused, by field.

    ``room`` says how many photos a field takes; the file of a field for one photo takes the place of the one before.
    ``store`` keeps a file where the app's pictures lie (``store_of_form`` of its ``photos``).
    Without a key nothing is stored: nobody could tell the same file sent again from another one.
    """
    data = request.POST.copy()
    refused: dict[str, list[Refused]] = {}
    try:
        key = KeyField().clean(data.get("key"))
    except forms.ValidationError:
        return data, refused
    for name, most in room.items():
        files = request.FILES.getlist(name)
        if not files:
            continue
        ids = [] if most == 1 else data.getlist(name)
        wrong: list[Refused] = []
        if len(files) > most - len(ids):
            wrong.append(Unfit(f"最多 {most} 张照片，其余没有上传。"))
        for file in files[: max(most - len(ids), 0)]:
            try:
                if (file.size or 0) > MAX_BYTES:
                    raise Unfit(TOO_LARGE)
                photo = store(file.read(), key, name, by=request.user, now=timezone.now())
            except (Unfit, Unavailable) as refusal:
                wrong.append(type(refusal)(f"{file.name}：{refusal.sentence}"))
            else:
                ids.append(str(photo.uuid))
        data.setlist(name, list(dict.fromkeys(ids)) or data.getlist(name))
        if wrong:
            refused[name] = wrong
    return data, refused


def form_with_files(
    request: HttpRequest, *, room: Mapping[str, int], store: Callable[..., Picture]
) -> QueryDict:
    """A form that came after the session had ended, its pictures stored; what was refused is said after signing in."""
    data, refused = with_uploads(request, room, store)
    for refusal in chain.from_iterable(refused.values()):
        messages.error(request, refusal.sentence)
    return data


def room_for_photos(fields: Mapping[str, forms.Field]) -> dict[str, int]:
    """Which fields of a form take photos, and how many."""
    return {name: field.most for name, field in fields.items() if isinstance(field, PhotosField)}
