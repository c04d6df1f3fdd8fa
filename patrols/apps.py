from django.apps import AppConfig


class PatrolsConfig(AppConfig):
    name = "patrols"
    verbose_name = "巡查"

    def ready(self) -> None:
        from patrols import health  # noqa: F401  (adds its check)
