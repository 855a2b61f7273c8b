"""From analysis to Plotly figures; knows no database and no torch.

Every figure's title is its finding, and it has its numbers in words (`says`) or in a table beside
it, in the same order. An axis leaves out outliers alone, never what the answer names, and marks
them at its edge. Of a factor with very many levels the 40 are drawn that show most, as in tables.
"""
