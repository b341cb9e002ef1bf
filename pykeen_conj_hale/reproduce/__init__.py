"""Train the tables and figures of HaLE's paper again, and put the results beside the paper's."""
