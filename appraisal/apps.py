from django.apps import AppConfig


class AppraisalConfig(AppConfig):
    name = "appraisal"
    verbose_name = "考核"

    def ready(self) -> None:
        from appraisal import health  # noqa: F401  (adds its check)
