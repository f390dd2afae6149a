"""What any program needs: files, tables, checks, extras, progress, reports, colors.

Nothing here knows of music, networks or drawings."""
