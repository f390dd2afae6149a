"""What any program needs: files, tables, checks, optional extras, progress, reports.

Nothing here knows of music, networks or drawings."""
