"""`python -m chorale` is `chorale`."""

from chorale.commands import main

main()
