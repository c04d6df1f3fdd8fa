from django.db import migrations

#: GiST knows boxes of rings; ``Grid.objects.containing`` asks the box first, then the ring itself.
INDEX = "CREATE INDEX grid_ring_box ON grid_gridring USING gist (box(ring))"


class Migration(migrations.Migration):
    dependencies = [("grid", "0001_initial")]
    operations = [migrations.RunSQL(INDEX, "DROP INDEX grid_ring_box")]
