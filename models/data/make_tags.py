"""Makes tags_train.tsv, tags_valid.tsv and tags_test.tsv beside this file: short sentences with a part of speech for every word.

A sentence is drawn from a small grammar. Many words have two parts of speech ("we book a room", "the book is new", "they can fish",
"a can of fish"), so a word alone does not tell its own: what stands before and after it does. The seed fixes every byte.

    python make_tags.py
"""

import random
from pathlib import Path

SEED = 20151
SIZES = {"train": 500, "valid": 100, "test": 100}

# Words that are nouns and verbs alike come in both lists.
BOTH = "book watch play cook fish walk dance paint plant answer dream drink cover change visit work train head land rest".split()
NOUNS = "room garden letter river teacher window song city boat cup story harbour market ladder".split() + BOTH
PLURALS = [noun + ("es" if noun.endswith(("ch", "sh")) else "s") for noun in NOUNS if not noun.endswith(("y", "e")) or noun == "play"]
VERBS = "read buy open carry find see draw bring sell need like".split() + BOTH
ADJECTIVES = "old green cold quiet light clean open dry empty long warm kind slow".split()
NAMES = "Anna Ben Carla Farid Grace Hugo Ines Kofi Lena Marta Nils Olga Pedro Rosa Tara Yuki Will Mark Rose Grant".split()
ADVERBS = "often never slowly today again together soon early well".split()
PREPOSITIONS = "in near with after before behind of for".split()

# Capital letters are drawn from the lists above, small ones are themselves.
GRAMMAR = {
    "S": ["NP_PL VP", "NP_SG VP_SG", "NP_PL VP and VP", "NP_SG VP_SG but NP_PL VP", "they can VP", "can NP_PL VP ?", "to VP is to VP",
          "NP_PL VP that NP_SG AUX ADJ", "NP_SG that VP_SG AUX ADJ", "VP ADV", "please VP", "NP_SG AUX ADJ and ADJ"],
    "NP_SG": ["DET N", "DET ADJ N", "NAME", "DET N PREP NP_SG", "that N", "her N", "this ADJ N", "a can PREP N"],
    "NP_PL": ["we", "they", "the NS", "ADJ NS", "our ADJ NS", "NAME and NAME", "NS PREP NP_SG"],
    "VP": ["V NP", "V NP PREP NP_SG", "V ADV", "ADV V NP", "V her", "V them PREP NP_SG", "V"],
    "VP_SG": ["can VP", "will VP", "AUX ADJ", "must V NP", "will ADV V NP"],
    "NP": ["NP_SG", "NP_SG", "the NS", "them", "ADJ NS"],
    "AUX": ["is", "was"],
    "DET": ["the", "a", "every", "this"],
}
LISTS = {"N": NOUNS, "NS": PLURALS, "V": VERBS, "ADJ": ADJECTIVES, "NAME": NAMES, "ADV": ADVERBS, "PREP": PREPOSITIONS}
PARTS = {"N": "NOUN", "NS": "NOUN", "V": "VERB", "ADJ": "ADJ", "NAME": "PROPN", "ADV": "ADV", "PREP": "ADP"}
CLOSED = {"DET": "the a every this our".split(), "PRON": "we they them".split(), "CCONJ": "and but".split(), "INTJ": ["please"],
          "PUNCT": [".", "?"], "AUX": "is was will must".split(), "PART": ["to"]}


def expand(symbol, rule, place, depth, rng):
    """Words with their parts of speech; `rule` and `place` say where the symbol stands."""
    if symbol in LISTS:
        return [(rng.choice(LISTS[symbol]), PARTS[symbol])]
    if symbol in GRAMMAR:
        choices = GRAMMAR[symbol] if depth < 5 else GRAMMAR[symbol][:2]
        chosen = rng.choice(choices).split()
        return [pair for i, part in enumerate(chosen) for pair in expand(part, chosen, i, depth + 1, rng)]
    if symbol == "can":
        return [("can", "NOUN" if rule[:2] == ["a", "can"] else "AUX")]
    if symbol == "that":
        return [("that", "DET" if rule[place + 1 : place + 2] == ["N"] else "SCONJ" if "NP_SG" in rule[place + 1 :] else "PRON")]
    if symbol == "her":
        return [("her", "DET" if rule[place + 1 : place + 2] == ["N"] else "PRON")]
    return [(symbol, next(part for part, words in CLOSED.items() if symbol in words))]


def main():
    rng = random.Random(SEED)
    seen = set()
    for name, count in SIZES.items():
        rows = []
        while len(rows) < count:
            pairs = expand("S", [], 0, 0, rng)
            if pairs[-1][0] != "?":
                pairs.append((".", "PUNCT"))
            words = [word for word, _ in pairs]
            words = ["an" if word == "a" and after[0] in "aeiou" else word for word, after in zip(words, words[1:] + ["."])]
            text = " ".join(words)
            if 3 <= len(pairs) <= 20 and text not in seen:
                seen.add(text)
                rows.append(text + "\t" + " ".join(part for _, part in pairs))
        path = Path(__file__).with_name(f"tags_{name}.tsv")
        path.write_text("text\ttags\n" + "\n".join(rows) + "\n", encoding="utf-8")


main()
