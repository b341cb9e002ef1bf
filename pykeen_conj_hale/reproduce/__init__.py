"""Train the tables and figures of papers again, and put the results beside the papers'."""
