"""With whom a community is compared: the others of the same kind, as of a day."""

import datetime as dt

from governance.models import CommunityKind, Level, Organization
from governance.models.organizations import OrganizationQuerySet


def peers_of(community: Organization, on: dt.date) -> OrganizationQuerySet:
    """Other communities of the district that are of the same kind on a day; none where its kind is not known."""
    own = CommunityKind.objects.as_of(on).filter(organization=community).values("kind")
    same = CommunityKind.objects.as_of(on).filter(kind__in=own).values("organization")
    district = community.path.rsplit("/", 3)[0] + "/"
    places = Organization.objects.territories(Level.COMMUNITY).active(on)
    return places.filter(path__startswith=district, pk__in=same).exclude(pk=community.pk)
