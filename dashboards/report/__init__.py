"""The report to hand over: one document, written as a page or as a bundle."""

from dashboards.report.writing import ENDINGS, write_report

__all__ = ["ENDINGS", "write_report"]
