"""Configuration of who: organizations, people and their posts; who looked at personal data is read only."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required

# One sign-in page for all: the lock against parallel guesses stands there.
admin.site.login = login_required(admin.site.login)
