/** Parses a `text/event-stream` that arrives in chunks. */
export interface EventStreamReader {
  /** The data of each event that ends in this chunk. Throws on invalid input, and on an event that exceeds the limit. */
  take(text: string): readonly string[];
}

/** Fields of the specification that have no meaning here. */
const otherField = /^(?:event|id|retry)(?::|$)/;

/** WHATWG HTML, 9.2.6. Lines end with LF, or with CR LF after some proxies. `maxEventLength` is in characters. */
export function createEventStreamReader(maxEventLength: number): EventStreamReader {
  /** The parts of an incomplete line, joined once because a line may arrive in hundreds of parts. */
  let parts: string[] = [];
  let data: string[] = [];
  let length = 0;

  /** Returns the event that ends with this line. */
  function takeLine(line: string): string | undefined {
    if (line === '') {
      const event = data.length > 0 ? data.join('\n') : undefined;
      data = [];
      length = 0;
      return event;
    }
    if (line === 'data' || line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
    else if (!line.startsWith(':') && !otherField.test(line)) throw new Error('This is not an event stream.');
    return undefined;
  }

  function grow(part: string): void {
    length += part.length;
    if (length > maxEventLength)
      throw new RangeError(`An event is longer than ${maxEventLength} characters.`);
    parts.push(part);
  }

  return {
    take(text) {
      const events: string[] = [];
      let start = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        grow(text.slice(start, end));
        const line = parts.join('');
        parts = [];
        start = end + 1;
        const event = takeLine(line.endsWith('\r') ? line.slice(0, -1) : line);
        if (event !== undefined) events.push(event);
      }
      if (start < text.length) grow(text.slice(start));
      return events;
    },
  };
}
