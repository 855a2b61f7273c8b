"""Reading what others have measured."""
