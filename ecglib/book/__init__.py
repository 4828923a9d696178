"""What makes it a book: chapters that record what they measure, claims, checks, and the ``ecgbook`` command."""

from ecglib.book.chapter import Chapter, open_chapter
from ecglib.book.source_view import show_source

__all__ = ["Chapter", "open_chapter", "show_source"]
