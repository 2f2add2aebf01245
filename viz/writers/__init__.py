"""What writes steps: text, Markdown, LaTeX, the terminal, frames."""
