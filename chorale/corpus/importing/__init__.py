"""How do files of any kind become a corpus?

- `sources`: the files to read: in folders, and in archives, see `archives`
- `pieces`: the pieces of one file, each accepted, repaired or refused; runs in workers
- `identities`: what identifies a source, and what it holds
- `outcomes`: all sources, read in workers
- `journal`: what is done, so that an import that was killed continues
- `names`: file names of the pieces
- `writing`: the corpus on disk
- `report`: what became of each file
- `importer`: the whole of it
"""
