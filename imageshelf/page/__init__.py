"""What an answer looks like: cards, the page (`writing`), the contact sheet, the notebook."""
