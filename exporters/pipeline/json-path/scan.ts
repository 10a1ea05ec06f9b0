/** Where a bracket or a quoted text ends. */

/** The place of the quote that ends the text whose first quote stands at `from`; -1: none. */
export const closingQuote = (text: string, from: number, quote: string): number => {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote) return at;
  }
  return -1;
};

/** The place of the bracket that closes the one at `from`, quoted texts and patterns stepped over; -1: none. */
export const closing = (text: string, from: number, open: string, close: string): number => {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const letter = text[at] as string;
    const isQuote = letter === "'" || letter === '"' || letter === '/';
    if (isQuote) {
      const end = closingQuote(text, at, letter);
      if (end < 0) return -1;
      at = end;
    } else if (letter === open) depth++;
    else if (letter === close && --depth === 0) return at;
  }
  return -1;
};
