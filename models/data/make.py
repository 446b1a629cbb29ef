"""Makes train.tsv, valid.tsv and test.tsv beside this file: questions, labelled with what an answer would name.

A sentence is a template whose {slots} are filled at random, slots inside slots too. A fifth of the sentences
mention two kinds of answer and ask for one of them ("I know where the wedding is, but not when it starts"): the same words
in another order ask for the other, so only a model that reads in order can tell. The seed fixes every byte.

    python make.py
"""

import random
import re
from pathlib import Path

SEED = 20161
SIZES = {"train": 600, "valid": 120, "test": 160}
CONTRASTED = 0.2  # the share of sentences that mention two kinds of answer
CASUAL = 0.4  # the share written as typed in haste: no capital, no full stop

SLOTS = {
    "name": "Anna|Ben|Carla|David|Elif|Farid|Grace|Hugo|Ines|Jonas|Kofi|Lena|Marta|Nils|Olga|Pedro|Rosa|Samir|Tara|Yuki",
    "city": "Paris|Lisbon|Oslo|Vienna|Nairobi|Kyoto|Toronto|Naples|Dublin|Lima|Bergen|Seville|Hanoi|Leeds|Utrecht|Boston",
    "weekday": "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday",
    "clock": "noon|midnight|seven|half past eight|ten in the morning|a quarter to six",
    "spot": "post office|library|pharmacy|bakery|swimming pool|train station|museum|town hall|hardware shop|harbour"
    "|cinema|university|garden centre|old mill|night market|vegetable stall|car park|music school",
    "event": "concert|wedding|book fair|farewell party|job interview|swimming lesson|choir practice"
    "|flea market|school play|guided tour|lecture|picnic|staff meeting|puppet show",
    "object": "umbrella|bicycle pump|red scarf|spare key|ladder|guitar|camera|passport|blue folder|tent|sewing machine"
    "|old radio|soup pot|suitcase|toolbox|map",
    "goods": "stamps|light bulbs|football boots|second-hand books|batteries|sunflowers|rain boots|fresh strawberries"
    "|winter tyres|running shoes|paper lanterns|wooden toys|olives|guitar strings",
    "job": "plumber|teacher|dentist|bus driver|conductor|violinist|baker|lawyer|gardener|tour guide|nurse|pilot|painter"
    "|translator|goalkeeper|architect",
    "relative": "sister|brother|aunt|uncle|cousin|neighbour|landlady|flatmate|grandfather|boss",
    "people": "guests|children|tourists|players|singers|students|volunteers|passengers|drivers|cooks",
    "did": "fixed the {object}|borrowed your {object}|missed the {event}|opened the {spot}|painted the {spot}"
    "|lost a {object} in {city}|organised the {event}|won the {contest}|moved to {city}|designed the {spot}"
    "|called on {weekday}|left at {clock}|sold us the {goods}",
    "they_did": "missed the {event}|helped at the {event}|came from {city}|left at {clock}|stayed until {clock}"
    "|moved to {city}|asked for the {object}|got lost on the way to the {spot}|took part in the {contest}",
    "contest": "football match|chess tournament|marathon|swimming race|spelling contest",
    "person": "{name}|{name}|the {job}|your {relative}|my {relative}|the {job} who {did}|the man who {did}|the woman who {did}"
    "|the {job} who lives in {city}|the man who asked how many {people} there were|the woman who asked where the {spot} is"
    "|the {job} who wanted to know when the {event} starts|the {job} we met when we were in {city}",
    "place": "{city}|{city}|the {spot}|the {spot}|the {spot} where {name} works|the {spot} where we met the {job}",
    "while": "when the {event} was over|when {name} moved to {city}|after the {event}|before the {event} on {weekday}"
    "|while {name} was in {city}|when you lost your {object}|when the {spot} was closed",
}

# What is asked for outright. Other question words may stand further on and mislead.
DIRECT = {
    "place": """
        Where can I buy {goods} near the {spot}?
        Where can you get {goods} at {clock} on a {weekday}?
        Where does {person} live now?
        Where is {person} from?
        Where did {person} go {while}?
        Where were you {while}?
        Where did the {people} wait {while}?
        Where did {person} leave the {object}?
        Where are the {people} who came by train staying?
        Do you know where {person} keeps the {object}?
        Can you tell me where {person} was born?
        Could you find out where they held the {event} when {name} was little?
        Which city is {person} moving to?
        Which country do these {goods} come from?
        In which town was {person} born?
        What street is the {spot} on?
        Which room is the {event} in on {weekday}?
        At which stop do I get off for {place}?
        Is there a {spot} near {place}?
        How do I get from {place} to the {spot}?
        How can {person} get to the {spot}?
        Can you show me the way to {place}?
        I am looking for {place}.
        I wonder where {person} put the {goods}.
        Tell me where {person} parked {while}.
        I need the address of {person}.
        What is a good spot to eat {while}?
        What is the capital of the country {person} moved to?
    """,
    "time": """
        When does the {spot} open on {weekday}?
        When did {person} move to {city}?
        When did {person} leave?
        When was the {event} in {city}?
        When is {person} coming back from {place}?
        When was the {spot} where {name} works built?
        When will they tell us who won the {contest}?
        When was it decided who runs the {spot}?
        When did you find out where {person} lives?
        When did they say how many {people} are coming?
        Do you know when {person} has to be at the {spot}?
        Can you find out when the last train to {city} leaves?
        What time does the {event} at the {spot} start?
        What time did {person} go to bed {while}?
        At what time should I meet {person}?
        What day is the {event} at the {spot}?
        Which day suits {person} for the {event}?
        Which month is best for a trip to {city}?
        In what year did {person} open the {spot}?
        By what date must I give the {object} back to {person}?
        Since when has {person} lived in {city}?
        Until when can I hand in the {object} at the {spot}?
        How soon can {person} be at {place}?
        How long has {person} been in {city}?
        How late is the {spot} open on a {weekday}?
        I wonder when {person} will bring back the {object}.
        Tell me when {person} found the {object}.
        I need the date of the {event} in {city}.
        Remind me on which weekday {person} works at the {spot}.
    """,
    "person": """
        Who {did}?
        Who {did} {while}?
        Who was with you {while}?
        Who told you when the {spot} opens?
        Who told {name} where the {event} is?
        Who decides when the {event} starts?
        Who counted how many {people} came to the {event}?
        Who lives in the house where {name} grew up?
        Who taught {person} to drive in {city}?
        Who should I call {while}?
        Who is going to meet {person} at the {spot}?
        Who did {person} marry?
        Who did you see at the {spot} {while}?
        Do you know who {did}?
        Do you remember who played the {job} in the school play?
        Can you find out who {did} at {clock}?
        Whose {object} did {person} borrow?
        Whose {object} was found at the {spot} on {weekday}?
        To whom did {person} give the {object}?
        Which of your friends lives in {city}?
        Which {job} {did}?
        What is the name of the {job} who {did}?
        What is the {job} at the {spot} called?
        With whom did {person} go to {city}?
        By whom was the {spot} in {city} designed?
        I wonder who {did} {while}.
        Tell me who {did}.
        I need the name of somebody who can repair a {object}.
        Is there anybody who knows where {name} put the {object}?
    """,
    "number": """
        How many {people} came to the {event} in {city}?
        How many {people} are waiting at the {spot}?
        How many {people} know where {person} lives?
        How many of the {people} who {they_did} knew {person}?
        How many {goods} did {person} buy {while}?
        How many times has {person} been to {city}?
        How many rooms are there in the house where {person} lives?
        How much does a ticket to {city} cost on a {weekday}?
        How much did {person} pay for the {object}?
        How much do {goods} cost at the {spot}?
        How old was {person} {while}?
        How old is {person}?
        How tall is {person}?
        How far is it from {place} to the {spot}?
        How heavy is the {object} that {person} carries around?
        How high is the roof of the {spot} in {city}?
        Do you know how many {people} {they_did}?
        Can you tell me how much {person} earns?
        What is the price of a {object} in {city}?
        What is the phone number of {person}?
        What is the distance between {city} and {city}?
        What does it cost to get from {place} to {city}?
        What share of the {people} come from {city}?
        What size of shoe does {person} wear?
        Which bus number goes to {place}?
        I wonder how many {people} {they_did}.
        Tell me how many {goods} are left {while}.
        I need the number of {people} who {they_did}.
        Count the {people} who stood where the {spot} was.
    """,
}

# The same as parts of a longer sentence.
INDIRECT = {
    "place": "where the {event} is|where {name} lives|where {person} went|which city {name} is in|where you bought the {object}"
    "|where to get {goods}|where the {spot} is|which street {name} lives on|where the {people} are staying",
    "time": "when the {event} is|when {name} arrives|when {person} left|what day the {event} is|when you bought the {object}"
    "|what time the {spot} opens|when the {spot} closes|which year {name} moved|when the {people} are leaving",
    "person": "who won the {contest}|who organised the {event}|who {name} married|who {did}|who is coming to the {event}|who sold you the {object}"
    "|who owns the {spot}|whose {object} this is|who works at the {spot}|who the {people} came with",
    "number": "how many {people} came to the {event}|how old {name} is|how much {person} paid|how many {goods} we need"
    "|how much the {object} cost|how many people work at the {spot}|how big the {spot} is|how many {people} there were"
    "|how much the {goods} are",
}
ASKED_LAST = """
    I know {other}, but not {asked}.
    I don't care {other}, I want to know {asked}.
    You told me {other}; now tell me {asked}.
    I did not ask {other}, I asked {asked}.
    Never mind {other}, do you know {asked}?
    Forget {other} and tell me {asked}.
    Before I ask {other}, could you say {asked}?
"""
ASKED_FIRST = """
    I asked {asked}, not {other}.
    Tell me {asked}, not {other}.
    I want to know {asked}, I don't care {other}.
    Do you know {asked}? Never mind {other}.
    Tell me {asked} before you say {other}.
    I still don't know {asked}, although you told me {other}.
"""


def lines(block):
    return [line.strip() for line in block.strip().splitlines()]


def fill(template, rng):
    """Replaces every {slot} by one of its fillers, and a before a vowel by an. A filler does not occur twice in a sentence."""
    used = set()
    while match := re.search(r"\{(\w+)\}", template):
        fillers = SLOTS[match[1]].split("|")
        filler = rng.choice([f for f in fillers if f not in used] or fillers)
        used.add(filler)
        template = template[: match.start()] + filler + template[match.end() :]
    return re.sub(r"\b([Aa]) (?=[aeiou])(?!uni)", r"\1n ", template)


def sentence(label, rng):
    if rng.random() < CONTRASTED:
        other = rng.choice([kind for kind in INDIRECT if kind != label])
        frame = rng.choice(lines(ASKED_LAST) + lines(ASKED_FIRST))
        asked, other = (rng.choice(INDIRECT[kind].split("|")) for kind in (label, other))
        template = frame.replace("{asked}", asked).replace("{other}", other)
    else:
        template = rng.choice(lines(DIRECT[label]))
    text = fill(template, rng)
    if rng.random() < CASUAL:
        text = text.rstrip("?.")
        if not re.match(r"I\b", text):
            text = text[0].lower() + text[1:]
    return text


def main():
    rng = random.Random(SEED)
    labels = sorted(DIRECT)
    seen, rows = set(), []
    while len(rows) < sum(SIZES.values()):
        label = labels[len(rows) % len(labels)]
        text = sentence(label, rng)
        key = text.lower().rstrip("?.")
        # Long chains of clauses are grammatical, but nobody talks like that.
        if key not in seen and len(text.split()) <= 20:
            seen.add(key)
            rows.append((text, label))
    rng.shuffle(rows)
    for split, size in SIZES.items():
        part, rows = rows[:size], rows[size:]
        body = "".join(f"{text}\t{label}\n" for text, label in part)
        Path(__file__).with_name(f"{split}.tsv").write_text("text\tlabel\n" + body, encoding="utf-8", newline="\n")
        # The same sentences as a plain text, for language models.
        plain = "".join(f"{text}\n" for text, _ in part)
        Path(__file__).with_name(f"{split}.txt").write_text(plain, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
