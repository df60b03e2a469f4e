"""What people look at: figures of scores."""
