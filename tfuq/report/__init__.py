"""What people look at: figures of scores, and one page of a whole report."""
