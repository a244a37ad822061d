/** Reads the events of a `text/event-stream` that comes in pieces. */
export interface EventStreamReader {
  /** The data of each event that ends in this piece. Throws on what stands in no event stream, and on one longer than the longest. */
  take(text: string): readonly string[];
}

/** In the specification's words: `data` is kept, and these are fields that mean nothing here. */
const otherField = /^(?:event|id|retry)(?::|$)/;

/**
 * WHATWG HTML, 9.2.6. A relay ends its lines with a line feed, and something on the way may write CR LF. `longestEvent` is in
 * characters.
 */
export function createEventStreamReader(longestEvent: number): EventStreamReader {
  /** The parts of a line whose end has not come: joined once, as a line may come in hundreds of them. */
  let parts: string[] = [];
  let data: string[] = [];
  let length = 0;

  /** Gives the event that ends with this line. */
  function takeLine(line: string): string | undefined {
    if (line === '') {
      const event = data.length > 0 ? data.join('\n') : undefined;
      data = [];
      length = 0;
      return event;
    }
    if (line === 'data' || line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
    else if (!line.startsWith(':') && !otherField.test(line)) throw new Error('This is no event stream.');
    return undefined;
  }

  function grow(part: string): void {
    length += part.length;
    if (length > longestEvent) throw new RangeError(`An event is longer than ${longestEvent} characters.`);
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
