from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"
    verbose_name = "案件"

    def ready(self) -> None:
        from cases import health, history  # noqa: F401  (add their checks, and their events to what is verified)
