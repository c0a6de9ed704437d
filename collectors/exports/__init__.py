"""Files that people already have: one module per format, found by entry point."""

from collectors.exports.formats import Format, Head, Options, Part, known_formats
from collectors.exports.importing import Report, import_files

__all__ = ["Format", "Head", "Options", "Part", "Report", "import_files", "known_formats"]
