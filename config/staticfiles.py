"""Static files: which files of other people's packages are served, and how all of them get hashed names."""

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Warning
from django.core.files.storage import FileSystemStorage
from django.utils._os import safe_join
from whitenoise.storage import CompressedManifestStaticFilesStorage


class VendorFinder(BaseFinder):
    """Find the files of npm packages that settings.VENDOR_FILES names, and no other."""

    def __init__(self, app_names: object = None, *args: object, **kwargs: object) -> None:
        self.files: dict[str, str] = settings.VENDOR_FILES
        self.root = Path(settings.NODE_MODULES)

    def check(self, **kwargs: object) -> list[CheckMessage]:
        """Name the files that are not there: a package was not installed, or moved them in a new version."""
        missing = [path for path in self.files.values() if not (self.root / path).is_file()]
        return [
            Warning(f"node_modules/{path} is missing.", hint="Run `make run` or npm ci.") for path in missing
        ]

    def find(self, path: str, find_all: bool = False, **kwargs: object) -> str | list[str]:
        """Return where a served path lies; nothing when it is not ours."""
        source = self.files.get(path)
        found = [safe_join(self.root, source)] if source and (self.root / source).is_file() else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: object) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield every file with a storage that opens it under the path it is served at."""
        for served, source in self.files.items():
            yield served, OneFile(self.root / source)


class OneFile(FileSystemStorage):
    """A storage that knows a single file, whatever name it is asked for."""

    prefix = None

    def __init__(self, source: Path) -> None:
        super().__init__(location=source.parent)
        self.source = source

    def path(self, name: str) -> str:
        return str(self.source)


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Give every file a name with its hash, so that browsers may keep it for ever."""

    # Our ES modules import each other by relative paths; without this their hashed copies would not be found.
    support_js_module_import_aggregation = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        # Only our own scripts are searched for imports: minified libraries have none, name source maps that they
        # do not ship, and cost half a minute.
        self._patterns = {
            "js/*.js" if glob == "*.js" else glob: rules for glob, rules in self._patterns.items()
        }

    def url_converter(self, name, hashed_files, template=None):
        """Leave a reference alone that another package's style sheet makes to a file it does not ship."""
        convert = super().url_converter(name, hashed_files, template)

        def converter(match):
            try:
                return convert(match)
            except ValueError:
                if name.startswith(("css/", "js/")):
                    raise
                return match[0]

        return converter
