"""Starting, stopping and checking Spoor."""
