"""Django's admin, without the one admin module that needs a system library."""

from importlib import import_module

from django.apps import apps
from django.contrib.admin import site
from django.contrib.admin.apps import SimpleAdminConfig
from django.utils.module_loading import module_has_submodule

from governance import modules

NEEDS_GDAL = {"leaflet"}


class AdminConfig(SimpleAdminConfig):
    """Load every app's admin module except django-leaflet's, which imports GDAL (our positions are GeoJSON)."""

    default_site = "governance.administration.Configuration"

    def ready(self) -> None:
        super().ready()
        for app in apps.get_app_configs():
            if app.name not in NEEDS_GDAL and module_has_submodule(app.module, "admin"):
                import_module(f"{app.name}.admin")
        self.leave_out()

    def leave_out(self) -> None:
        """Take the tables of modules that the place does not use from the configuration pages."""
        for app in apps.get_app_configs():
            for model in () if modules.is_used(app.label) else app.get_models():
                if site.is_registered(model):
                    site.unregister(model)
