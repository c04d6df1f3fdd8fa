"""Hashed static files that tolerate what other people's packages leave out."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Give every file a name with its hash, so that browsers may keep it for ever."""

    # Our ES modules import each other by relative paths; without this their hashed copies would not be found.
    support_js_module_import_aggregation = True
    # A page that names a missing file must fail in a test, but a font or source map that a package forgot
    # to ship must not stop the start: references found *inside* files are left as they are (see url_converter).
    manifest_strict = True

    def url_converter(self, name, hashed_files, template=None):
        convert = super().url_converter(name, hashed_files, template)

        def converter(matchobj):
            try:
                return convert(matchobj)
            except ValueError:
                if name.startswith("vendor/") or not (name.startswith(("css/", "js/"))):
                    return matchobj[0]
                raise

        return converter
