from django.apps import AppConfig


class PartybuildingConfig(AppConfig):
    name = "partybuilding"
    verbose_name = "党建"

    def ready(self) -> None:
        from partybuilding import health, history  # noqa: F401  (add their checks, and their events to what is verified)
