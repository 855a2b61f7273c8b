"""What is to run: points, searches, confirmations, and what these would take."""
