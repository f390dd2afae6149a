"""What does any program need?

- `files`, `tables`: atomic writes, arrays and hashes of files; strict CSV tables
- `saving`: files that do not replace others
- `streams`: pipes and the standard input, copied so that they can be read twice;
  `temporary`: temporary files
- `options`, `checks`, `extras`: options with help and checks; optional dependencies
- `progress`, `reports`: progress callbacks; reports as Markdown, HTML or text
- `text`: words for messages; `arrays`: array types and padding; `palette`: the colors
  of all plots
"""
