"""Encrypt anew what older field keys encrypted, so that their versions may leave FIELD_KEYS."""

from django.core.management.base import BaseCommand

from cases.models import Contact
from governance import secrets
from governance.models import KeptForm, StoreKey

#: Every column that holds sealed bytes.
SEALED = ((Contact, ("name", "phone")), (KeptForm, ("sealed",)), (StoreKey, ("key",)))


class Command(BaseCommand):
    help = "用最新一版字段密钥重新加密全部加密字段，之后可从 FIELD_KEYS 去掉旧版"

    def handle(self, *args, **options) -> None:
        done = 0
        for model, names in SEALED:
            for pk, *found in model.objects.values_list("pk", *names).iterator():
                for name, sealed in zip(names, found, strict=True):
                    if not secrets.is_newest(sealed):
                        # Only if it is still what was read: somebody may have written it meanwhile.
                        row = model.objects.filter(pk=pk, **{name: sealed})
                        done += row.update(**{name: secrets.seal(secrets.unseal(sealed))})
        self.stdout.write(f"{done} 个字段已用最新一版密钥重新加密。")
