"""What children say to a toy, what parents say, and plain words; written for this kit."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

SENTENCES: tuple[str, ...] = (
    "Can we play a game together?",
    "My favourite animal is the elephant.",
    "I built a big tower with my blocks.",
    "Where does the moon go in the morning?",
    "Please tell me a story about a dragon.",
    "I want to be a pilot when I grow up.",
    "The puppy jumped over the muddy puddle.",
    "Mummy made pancakes for breakfast.",
    "Look, I painted a purple butterfly!",
    "My best friend has a funny hat.",
    "Why do birds fly south in winter?",
    "I can count all the way to twenty.",
    "Let's pretend we are on a pirate ship.",
    "Do you like apples or bananas?",
    "The little frog lives by the pond.",
    "I am not tired, I want to stay up.",
    "We saw a very big fish at the zoo.",
    "My bicycle has a bell and a basket.",
    "Could you sing that song again?",
    "It is raining, so we play inside.",
    "Bob the bear brings a blue balloon.",
    "My grandma bakes the best bread.",
    "What is the biggest number of all?",
    "I lost my tooth this morning!",
    "The mouse hides under the bed.",
    "Watch me jump as high as I can!",
    "I feel a bit sad because my toy is broken.",
    "You are my friend, aren't you?",
    "The fire truck is red and very loud.",
    "May I please have some more juice?",
    "Yesterday we made a snowman outside.",
    "That spider is scary, take it away!",
    "I put my shoes on all by myself.",
    "How many stars are in the sky?",
    "My baby brother laughs at everything.",
    "Papa pushes me on the swing.",
    "Can you find the yellow circle?",
    "The cow says moo and the sheep says baa.",
    "I have five cars and two trains.",
    "We are going to the beach tomorrow.",
    "My teacher has a very big book.",
    "I don't want to go to bed yet.",
    "Show me how a monkey moves.",
    "The soup is too hot, we must wait.",
    "Happy birthday! Here is your present.",
    "I made this picture for you.",
    "A robot can walk and talk like me.",
    "Please help me, I can't open the box.",
    "Guess what I have behind my back!",
    "Good night, sleep tight, see you in the morning.",
)


PARENTS: tuple[str, ...] = (
    "Have you washed your hands before dinner?",
    "Put your coat on, it is cold outside.",
    "What did you do at school today?",
    "Be careful, the plate is very hot.",
    "It is time to brush your teeth now.",
    "Can you tidy up your room, please?",
    "Where have you left your other shoe?",
    "We have to leave in five minutes.",
    "Come here and give me a big hug.",
    "Grandpa is coming to visit on Sunday.",
    "You can have one biscuit after lunch.",
    "Who wants to help me with the cooking?",
    "Hold my hand when we cross the road.",
    "Did you remember to feed the cat?",
    "Turn the television down a little bit.",
    "That was very kind of you, well done.",
    "Let me see if you have a fever.",
    "Don't forget your bag, the bus is here.",
    "Do you need to use the bathroom?",
    "The washing machine has broken again.",
    "I will read you another page tomorrow.",
    "Your sister is still asleep upstairs.",
    "Could somebody answer the phone?",
    "Shall we walk to the park this afternoon?",
    "Try a little piece, you might like it.",
    "Use your inside voice, please.",
    "How was the party at your friend's house?",
    "I think it is going to rain later.",
    "Share the toys with your cousin.",
    "Close your eyes and count to ten.",
)
"""What grown-ups say near a toy that should not answer."""


@cache
def plain_words(language: str = "en") -> tuple[str, ...]:
    """Words that are heard every day: about 1,500 of English, elsewhere the numbers 0 to 199.

    Every voice of espeak-ng reads numbers in its own language.
    """
    if language.split("-")[0] != "en":
        return tuple(str(number) for number in range(200))
    text = files("generate.voice").joinpath("data/words_en.txt").read_text("utf-8")
    return tuple(text.split())


def plain_text(language: str, rng: np.random.Generator) -> str:
    """A sentence of a child or a parent, or four numbers where the language is not English."""
    if language.split("-")[0] != "en":
        return " ".join(str(number) for number in rng.integers(0, 1000, 4))
    texts = SENTENCES + PARENTS
    return texts[int(rng.integers(len(texts)))]
