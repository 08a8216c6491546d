"""Names of methods that JavaScript's own objects and its hosts have: a method of that name is never guessed."""

from __future__ import annotations

from bridle.indexer.languages.trees import words

BUILT_IN = words(
    """
    add addEventListener all allSettled any append apply assign at bind blur call catch charAt charCodeAt clear
    click clone close closest codePointAt concat contains copyWithin create createElement debug defineProperty
    delete dispatch dispatchEvent emit end endsWith entries error every exec exit fetch fill filter finally find
    findIndex findLast findLastIndex flat flatMap flush focus forEach freeze from fromEntries get getAttribute
    getItem getOwnPropertyNames getTime has hasOwnProperty includes index indexOf info insert is isArray join
    json keys lastIndexOf length listen load localeCompare log map match matchAll max min next normalize now off
    on once open padEnd padStart parse pipe pop postMessage preventDefault push query querySelector
    querySelectorAll race read reduce reduceRight reject remove removeChild removeEventListener removeItem
    render repeat replace replaceAll request reset resolve return reverse run search send set setAttribute
    setItem shift slice some sort splice split start startsWith stop stopPropagation stringify sub subscribe
    substr substring test text then throw time toFixed toISOString toJSON toLocaleString toLowerCase toString
    toUpperCase trace trim trimEnd trimStart type unshift unsubscribe update use valueOf values warn write
    """
)
