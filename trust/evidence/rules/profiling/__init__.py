"""Looks at a table as a careful person would: what its columns are, and which rows do not fit the others.

Pure: it is given the values of a sample of rows, in the order of the file, and knows nothing of files. A defect is a small part
of the rows (`LEAST_SHARE` to `MOST_SHARE`) that differs from all others: what more rows do is a property of the data.
"""
