"""Pictures of the application for the documents: `bin/screenshots`. An application of its own, rows to show, a browser."""
