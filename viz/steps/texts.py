"""Texts of the steps, written once: templates that Python fills for print and the page fills in the browser.

`TEXTS` are sentences, with names of fields in braces; `LINES` are lines of arithmetic, a token a word: ``kind:field``,
and a sign stands for itself (`arithmetic` lists the kinds). Fields are filled once and never read again, so that a
label with braces stays a label.
"""

from __future__ import annotations

__all__ = ["ANSWERS", "LINES", "TEXTS", "filled"]

TEXTS = {
    # Titles
    "forward_title": "{target} = {formula}",
    "seed_title": "Seed: {slope} = 1",
    "backward_title": "{source} → {target}",
    "use_title": "{source} → {target} (use {use} of {uses})",
    "update_title": "Update {target}",
    # Sentences
    "forward": "{target} = {numbers} = {after}.",
    "seed": "The sweep starts at {target}: its derivative with respect to itself is 1.",
    "local": "{source} = {formula}. With respect to {target}, the local derivative is {rule}.",
    "local_of_use": "{source} = {formula}. Through this use of {target}, the local derivative is {rule}.",
    "upstream": "Multiply it by the gradient that has arrived at {source}, {upstream}.",
    "zero": "It is exactly 0, so the contribution is 0, whatever the local derivative.",
    "added": "{target} is used {uses} times; its contributions are added.",
    "complete": "The gradient of {target} is now complete.",
    "more": "More contributions to {target} follow.",
    "stays": "{target} stays as it is.",
    "down": "{who} moves {target} down by {change}.",
    "up": "{who} moves {target} up by {change}.",
    "against": "A step against the gradient",
    "old": "Values computed from it are old until the next forward pass.",
    "anew": "With all parameters updated, a new forward pass takes {root} from {before} to {after}.",
    "rule": "{source} = {formula}, {slope} = {rule}",
    # Mistakes on purpose
    "overwritten": "= overwrites: the {before} that had arrived at {target} is lost.",
    "too_early": "Too early: {source} passes its gradient on although only 1 of {of} contributions has arrived.",
    "twice": "Counted twice: {source} passes on its whole gradient again, including the part already sent.",
    "ends_wrong": "{target_grad} ends at {after}; the correct value is {right}.",
    # Questions, hints and verdicts
    "ask_forward": "{target} = {formula}. What number is it?",
    "ask_local": "{source} = {formula}. What is the local derivative {slope}, as a number?",
    "ask_first": "{source} → {target}: what does {source} contribute to {target_grad}?",
    "ask_next": "{source} → {target}: {target_grad} was {before}. What is it after this step?",
    "ask_update": "{target} is {before}, its gradient {gradient}, the learning rate {rate}. What is it afterwards?",
    "hint_forward": "Hint: {target} = {numbers}.",
    "hint_local": "Hint: {slope} = {rule}.",
    "hint_backward": "Hint: {source_grad} · {slope} = {upstream} · {local}.",
    "hint_next": "Hint: {before} was there, and {upstream} · {local} is added.",
    "hint_update": "Hint: {before} − {rate} · {gradient}.",
    "right": "Right: {after}.",
    "overwrote": "Overwrote instead of added: {before} was there already, and += keeps it.",
    "sign": "The sign: look again at the signs of both factors.",
    "sign_local": "The sign: look again at the sign of the local derivative.",
    "forgot_upstream": "Forgot the upstream gradient: multiply the slope by {source_grad}.",
    "forgot_local": "Forgot the local derivative: multiply {source_grad} by the slope.",
    "added_factors": "Added instead of multiplied: the chain rule takes {upstream} times {local}.",
    "forgot_upstream_then": "Forgot the upstream gradient: multiply the slope by {source_grad}, then add.",
    "forgot_local_then": "Forgot the local derivative: multiply {source_grad} by the slope, then add.",
    "nothing_added": "Nothing was added: {source} contributes {upstream} times {local}.",
    "whole": "That is the contribution, local derivative times upstream; here the local derivative alone is asked.",
    "uphill": "The sign: a step against the gradient subtracts, here {rate} times {gradient}.",
    "forgot_rate": "Forgot the learning rate: subtract {rate} times {gradient}.",
    "unmoved": "Nothing has moved: subtract {rate} times {gradient}.",
    "not_forward": "Not that: put the numbers in, {numbers}.",
    "not_local": "Not that: differentiate {source} = {formula} with respect to {target}, then put the numbers in.",
    "not_backward": "Not that: multiply {upstream} by {local}, then add.",
    "not_update": "Not that: subtract {rate} times {gradient} from {before}.",
    "not_a_number": "Type a number or arithmetic, such as -0.25, 1/2 or -0.5*0.45.",
    "score": "{right} of {asked} right at the first try.",
}

LINES = {
    "forward": "name:target = formula:formula",
    "numbers": "= formula:numbers = result:after",
    "given": "name:target = formula:formula = result:after",
    "seed": "grad:target = result:one tick:tick",
    "added": "grad:target += grad:source · slope:slope",
    "overwritten": "grad:target = grad:source · slope:slope",
    "product": "= number:upstream · number:local = result:contribution",
    "first": "grad:target = result:after",
    "sum": "grad:target = number:before + number:added = result:after",
    "update": "name:target = name:target − name:lr · grad:target",
    "update_numbers": "= number:before − number:rate · number:gradient = result:after",
    "change": "name:target = name:target + name:delta",
    "change_numbers": "= number:before + number:change = result:after",
}


ANSWERS = {  # what may be typed, as a sum of a step's numbers, and its verdict; the first to claim a number has it
    "forward": [("after", "right")],
    "local": [("local", "right"), ("- local", "sign_local"), ("contribution", "whole")],
    "backward": [
        ("after", "right"),
        ("contribution", "overwrote"),
        ("before - contribution", "sign"),
        ("- after", "sign"),
        ("before + local", "forgot_upstream"),
        ("before + upstream", "forgot_local"),
        ("before + upstream + local", "added_factors"),
        ("local", "forgot_upstream_then"),
        ("upstream", "forgot_local_then"),
        ("before", "nothing_added"),
    ],
    "update": [
        ("after", "right"),
        ("before - contribution", "uphill"),
        ("before - upstream", "forgot_rate"),
        ("before", "unmoved"),
    ],
}


def filled(template: str, /, **fields: object) -> str:
    """Fill a sentence.

    Examples
    --------
    >>> filled("more", target="w{x}")
    'More contributions to w{x} follow.'
    """
    return TEXTS[template].format(**fields)
