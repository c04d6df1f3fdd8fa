"""Configuration of who: organizations, people, posts; what was told and looked at is read only.

Three separate administrators 三员分立: the system admin keeps the tree and the lists, the security admin keeps
accounts and posts, the auditor reads. Cases, legs and events are not here: there is no way around the door.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import UserAdmin as AccountAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.validators import RegexValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from governance import actions, programs, signing_in
from governance.by_role import ByRole, ReadOnly
from governance.choosing import Choosing
from governance.models import (
    AccessLog,
    ApiKey,
    CommunityKind,
    Kind,
    Organization,
    Outbox,
    Post,
    SignIn,
    User,
)
from governance.roles import Role
from governance.wording import SaidAtField

admin.site.unregister(Group)  # what people may do comes from their posts alone

#: In the session: a key that its maker has not seen yet.
NEW_KEY = "new_api_key"

LONGEST_PATH = Organization._meta.get_field("path").max_length


class OrganizationForm(SaidAtField):
    class Meta:
        model = Organization
        fields = [
            "kind",
            "level",
            "function",
            "parent",
            "code",
            "name",
            "party_name",
            "active_from",
            "active_until",
        ]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "code" in self.fields:
            # The code is a step of the path, whose steps are parted by slashes.
            self.fields["code"].validators.append(
                RegexValidator(r"^[0-9A-Za-z_.-]+$", "编码只含字母、数字和 . _ -。")
            )

    def clean(self) -> dict[str, Any]:
        super().clean()
        is_territory = self.cleaned_data.get("kind", self.instance.kind) == Kind.TERRITORY
        function = self.cleaned_data.get("function")
        if is_territory and function:
            self.add_error("function", "区域没有职能，请留空。")
        if not is_territory and not function:
            self.add_error("function", "部门和单位须有职能。")
        parent, code = self.cleaned_data.get("parent"), self.cleaned_data.get("code")
        if parent and code and len(f"{parent.path}{code}/") > LONGEST_PATH:
            self.add_error("code", "编码太长：连同各级上级的编码最多 200 个字符，请缩短。")
        return self.cleaned_data


@admin.register(Organization)
class OrganizationAdmin(ByRole):
    """A unit is ended by its date, never removed: old cases keep pointing to it."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    readers: ClassVar = {Role.SECURITY_ADMIN, Role.AUDITOR}
    form = OrganizationForm
    list_display = ["name", "party_name", "kind", "level", "function", "code", "active_from", "active_until"]
    list_filter = ["kind", "level", "function"]
    search_fields = ["name", "party_name", "code"]
    autocomplete_fields = ["parent"]

    def get_readonly_fields(self, request: HttpRequest, obj: Organization | None = None) -> list[str]:
        """Moving a node would leave the paths below it behind."""
        return ["kind", "level", "parent", "code"] if obj else []


@admin.register(CommunityKind)
class CommunityKindAdmin(ByRole):
    """A kind begins and ends; which one held when is never rewritten. A new one ends the one before."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    fields: ClassVar = ["organization", "kind", "valid_from", "valid_until", "reason"]
    list_display = ["organization", "kind", "valid_from", "valid_until", "reason", "set_by", "set_at"]
    list_filter = ["kind", ("valid_until", admin.EmptyFieldListFilter)]
    list_select_related = ["organization", "set_by"]
    search_fields = ["organization__name", "organization__code", "reason"]
    autocomplete_fields = ["organization"]

    def get_readonly_fields(self, request: HttpRequest, obj: CommunityKind | None = None) -> list[str]:
        return ["organization", "kind", "valid_from", "reason"] if obj else []

    def save_model(
        self, request: HttpRequest, obj: CommunityKind, form: forms.ModelForm, change: bool
    ) -> None:
        if change:
            return super().save_model(request, obj, form, change)
        if before := actions.classify(obj, by=request.user, now=timezone.now()):
            self.log_change(request, before, f"终止于 {before.valid_until}：改为{obj.get_kind_display()}")
        return None


class PostsOf(Choosing, admin.TabularInline):
    """Posts of a person: new ones are added here, held ones end on their own page."""

    model = Post
    extra = 0
    autocomplete_fields = ["organization"]
    verbose_name_plural = "岗位任职（结束任职请到“岗位任职”页填写离任日期）"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AccountForm(SaidAtField, UserChangeForm):
    class Meta:
        model = User
        fields = ["username", "password", "name", "email", "is_active"]


@admin.register(User)
class UserAdmin(ByRole, AccountAdmin):
    """Accounts; nobody changes the own one here, and only a superuser changes a superuser."""

    managers: ClassVar = {Role.SECURITY_ADMIN}
    form = AccountForm
    inlines: ClassVar = [PostsOf]
    list_display = ["username", "name", "is_active", "last_login"]
    list_filter = ["is_active", "posts__role"]
    search_fields = ["username", "name"]
    ordering = ["username"]
    filter_horizontal: ClassVar = []
    readonly_fields: ClassVar = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password", "name", "email"]}),
        ("状态", {"fields": ["is_active", "last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["username", "name", "usable_password", "password1", "password2"]})]
    actions: ClassVar = ["unlock"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and not request.user.is_superuser and (obj == request.user or obj.is_superuser):
            return False
        return super().has_change_permission(request, obj)

    @admin.action(description="解除所选账号的登录锁定", permissions=["change"])
    def unlock(self, request: HttpRequest, accounts: QuerySet) -> None:
        for account in accounts:
            signing_in.unlock(account)
        messages.success(request, "已解除登录锁定。")


class PostForm(SaidAtField):
    """Nobody appoints himself."""

    appointer: User | None = None

    def clean_user(self) -> User:
        user = self.cleaned_data["user"]
        if self.appointer and user == self.appointer and not user.is_superuser:
            raise forms.ValidationError("不能给自己安排岗位，请由另一位安全管理员办理。")
        return user


@admin.register(Post)
class PostAdmin(ByRole):
    """A post begins and ends; who held which post when is never rewritten."""

    managers: ClassVar = {Role.SECURITY_ADMIN}
    form = PostForm
    list_display = ["user", "organization", "role", "is_acting", "starts_on", "ends_on"]
    list_filter = ["role", "is_acting", ("ends_on", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "organization"]
    search_fields = ["user__name", "user__username", "organization__name"]
    autocomplete_fields = ["user", "organization"]

    def get_form(
        self, request: HttpRequest, obj: Post | None = None, **options: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, **options)
        form.appointer = request.user  # a class of this request alone
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> list[str]:
        return ["user", "organization", "role", "is_acting", "starts_on"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        if obj is not None and obj.user_id == request.user.pk and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)


@admin.register(ApiKey)
class ApiKeyAdmin(ByRole):
    """Keys of programs: each is shown once, when it is made; ended, never removed."""

    managers: ClassVar = {Role.SYSTEM_ADMIN}
    form = SaidAtField
    fields: ClassVar = ["name", "organization", "purpose", "active_from", "active_until"]
    list_display = [
        "name",
        "organization",
        "purpose",
        "state",
        "active_from",
        "active_until",
        "made_by",
        "made_at",
        "revoked_at",
    ]
    list_select_related = ["organization", "made_by"]
    search_fields = ["name", "purpose", "organization__name"]
    autocomplete_fields = ["organization"]
    actions: ClassVar = ["revoke"]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> list[str]:
        """Where it reports and under which name are facts of its cases."""
        return ["name", "organization", "active_from"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"active_from": timezone.localdate()} | super().get_changeform_initial_data(request)

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: Any, **options: Any
    ) -> HttpResponse:
        """One button: where it leads the new key is shown."""
        context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **options)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool) -> None:
        if change:
            return super().save_model(request, obj, form, change)
        # Kept until the next page shows it, and no longer: messages would wait in the browser.
        request.session[NEW_KEY] = [obj.name, programs.make_key(obj, by=request.user, now=timezone.now())]

    def changelist_view(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        if shown := request.session.pop(NEW_KEY, None):
            name, text = shown
            messages.warning(request, f"“{name}”的密钥，只显示这一次，请立即抄存：{text}")
        return super().changelist_view(request, extra_context)

    def response_add(self, request: HttpRequest, obj: ApiKey, *args: Any) -> HttpResponse:
        """Always to the list, which shows the key."""
        return redirect("admin:governance_apikey_changelist")

    @admin.display(description="状态")
    def state(self, key: ApiKey) -> str:
        return key.state_in_words(timezone.localdate())

    @admin.action(description="停用所选密钥", permissions=["change"])
    def revoke(self, request: HttpRequest, keys: QuerySet) -> HttpResponse | None:
        told = (
            "停用后立即失效，不能恢复：用它上报的系统从此得到拒绝，直到换上新的密钥。已上报的案件不受影响。"
        )
        if page := self.asked_first(request, keys, action="revoke", verb="停用所选密钥", consequence=told):
            return page
        for key in keys:
            programs.revoke_key(key, by=request.user, now=timezone.now())
            self.log_change(request, key, "停用密钥")
        messages.success(request, "所选密钥已停用，立即失效。")
        return None


@admin.register(AccessLog)
class AccessLogAdmin(ReadOnly):
    list_display = ["at", "user", "subject", "reason"]
    list_select_related = ["user"]
    date_hierarchy = "at"
    search_fields = ["user__name", "subject", "reason"]


@admin.register(SignIn)
class SignInAdmin(ReadOnly):
    readers: ClassVar = {Role.AUDITOR, Role.SECURITY_ADMIN}
    list_display = ["at", "user", "address"]
    list_select_related = ["user"]
    date_hierarchy = "at"
    search_fields = ["user__name", "user__username", "address"]


@admin.register(LogEntry)
class ChangeAdmin(ReadOnly):
    """What administrators changed on these pages."""

    list_display = ["action_time", "user", "content_type", "object_repr", "action_flag", "change_message"]
    list_select_related = ["user", "content_type"]
    list_filter = ["action_flag"]
    date_hierarchy = "action_time"
    search_fields = ["user__name", "user__username", "object_repr"]


class OutboxState(admin.SimpleListFilter):
    """Waiting, delivered or given up after five tries."""

    title, parameter_name = "状态", "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("dead", "已放弃"), ("waiting", "待送达"), ("done", "已送达")]

    def queryset(self, request: HttpRequest, rows: QuerySet) -> QuerySet:
        wanted = {"dead": rows.dead(), "waiting": rows.waiting(), "done": rows.filter(done_at__isnull=False)}
        return wanted.get(self.value(), rows)


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    readers: ClassVar = {Role.SYSTEM_ADMIN, Role.AUDITOR}
    list_display = ["created_at", "subject", "attempts", "error", "done_at", "dead_at"]
    list_filter = [OutboxState]
    show_full_result_count = False
    ordering = ["-pk"]
