"""Makes stories_train.txt, stories_valid.txt and stories_test.txt beside this file: little stories of who goes where and who
hands what to whom, with questions in between, in the format of bAbI.

Half of the questions ask where somebody is: the last thing said about them answers it. Half ask who has something: what was
said about it last does. The seed fixes every byte.

    python make_stories.py
"""

import random
from pathlib import Path

SEED = 20151
SIZES = {"train": 480, "valid": 80, "test": 120}  # questions
QUESTIONS = 4  # in a story

PEOPLE = "Anna Ben Carla Elif Hugo Kofi".split()
PLACES = "library|harbour|bakery|museum|market|station".split("|")
THINGS = "umbrella|map|key|lantern".split("|")
GOES = "{who} went to the {where}.|{who} walked to the {where}.|{who} is at the {where} now.|{who} ran off to the {where}."
TAKES = "{who} picked up the {what}.|{who} found the {what}.|{who} now carries the {what}."


def story(rng):
    """The numbered lines of one story."""
    lines, place, owner = [], {}, {}
    asked = 0
    while asked < QUESTIONS:
        for _ in range(rng.randint(2, 3)):
            who = rng.choice(PEOPLE)
            if rng.random() < 0.5:
                place[who] = rng.choice(PLACES), len(lines) + 1
                lines.append(rng.choice(GOES.split("|")).format(who=who, where=place[who][0]))
            else:
                what = rng.choice(THINGS)
                owner[what] = who, len(lines) + 1
                lines.append(rng.choice(TAKES.split("|")).format(who=who, what=what))
        known = [(f"Where is {who}?", *fact) for who, fact in place.items()]
        owned = [(f"Who has the {what}?", *fact) for what, fact in owner.items()]
        question, answer, fact = rng.choice(rng.choice([known or owned, owned or known]))
        lines.append(f"{question}\t{answer.lower()}\t{fact}")
        asked += 1
    return [f"{number} {line}" for number, line in enumerate(lines, 1)]


def main():
    rng = random.Random(SEED)
    for split, size in SIZES.items():
        lines = [line for _ in range(size // QUESTIONS) for line in story(rng)]
        text = "\n".join(lines) + "\n"
        Path(__file__).with_name(f"stories_{split}.txt").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
