/** Each entry of an object or array in the message itself, such as a session, takes up to 10 µs until it is handled. */
export const maxParts = 50_000;
/** The same within strings, such as the changes of a transaction that is not encrypted. These are only parsed. */
export const maxPartsInStrings = 200_000;

const quote = '"'.charCodeAt(0);
const backslash = '\\'.charCodeAt(0);
const letterU = 'u'.charCodeAt(0);
const [comma = 0, bracket = 0, brace = 0] = Array.from(',[{', (sign) => sign.charCodeAt(0));
const beginsPart = (code: number) => code === comma || code === bracket || code === brace;

/**
 * Whether a message has more parts than the relay can handle in one go without delaying others. Looks only at the text: to parse
 * it would already take seconds.
 */
export function hasTooManyParts(line: string): boolean {
  // A part has at least one character. Most messages are shorter, and of most others, strings need not be read.
  if (line.length <= maxParts) return false;
  const mustReadStrings = line.length > maxPartsInStrings;
  let parts = 0;
  let partsInStrings = 0;
  for (let at = 0; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(line, at);
      if (mustReadStrings) partsInStrings += partsWithin(line, at + 1, end);
      at = end;
    } else if (beginsPart(code)) parts++;
    if (parts > maxParts || partsInStrings > maxPartsInStrings) return true;
  }
  return false;
}

function endOfString(line: string, start: number): number {
  for (let end = line.indexOf('"', start + 1); end >= 0; end = line.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (line.charCodeAt(end - 1 - backslashes) === backslash) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return line.length;
}

function partsWithin(line: string, start: number, end: number): number {
  let parts = 0;
  for (let at = start; at < end; at++) {
    const code = line.charCodeAt(at);
    if (beginsPart(code)) parts++;
    // Can stand for any character.
    else if (code === backslash && line.charCodeAt(++at) === letterU) parts++;
  }
  return parts;
}
