from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = "导出文件"

    def ready(self) -> None:
        from exports import health  # noqa: F401  (adds its check)
