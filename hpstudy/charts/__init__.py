"""From analysis to Plotly figures; knows no database and no torch."""
