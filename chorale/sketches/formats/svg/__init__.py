"""How does a drawing come out of an SVG file?

- reader: reads a file; document: its XML, within bounds
- style: style sheets and inheritance; paint: colors, gradients by their mean
- shapes: lengths, transformations, and outlines as points; viewport: what is shown
- painter: the shapes that a document paints, in order
- visibility: which of them are seen; paper: which of them is the paper
- doubling: what is drawn twice is read once; joining: cut strokes become whole
- pen: center lines of filled strokes
"""
