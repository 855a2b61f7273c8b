"""The tables, each once: cells as text, for whoever shows them."""
