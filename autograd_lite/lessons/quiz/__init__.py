"""Questions on small graphs with clean numbers, and the likely cause of a wrong answer.

=================== =====================================================================
module              what is there
=================== =====================================================================
`templates`         the questions as data: a graph, and what is asked
`questions`         a template with numbers; drawn by seed
`marking`           an answer judged, with its likely cause
`sheets`            questions and answers as Markdown, apart
=================== =====================================================================
"""

from autograd_lite.lessons.quiz.marking import Mark as Mark
from autograd_lite.lessons.quiz.marking import mark as mark
from autograd_lite.lessons.quiz.questions import Question as Question
from autograd_lite.lessons.quiz.questions import questions as questions
from autograd_lite.lessons.quiz.sheets import answer_sheet as answer_sheet
from autograd_lite.lessons.quiz.sheets import question_sheet as question_sheet

__all__ = ["Mark", "Question", "answer_sheet", "mark", "question_sheet", "questions"]
