import { createReadStream } from 'node:fs';

export interface Line {
  /** The text without the line feed. */
  readonly text: string;
  /** The byte offset of the next line. */
  readonly end: number;
}

const lineFeed = 10;

/** Reads lines that end in a line feed, from the byte offset of a line on. The last line may lack the line feed. */
export async function* readLines(file: string, from = 0): AsyncGenerator<Line> {
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { start: from, highWaterMark: 1 << 20 });
  let partial: Buffer[] = [];
  let end = from;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, start)) {
      const line = Buffer.concat([...partial, chunk.subarray(start, at)]);
      partial = [];
      start = at + 1;
      end += line.length + 1;
      yield { text: line.toString(), end };
    }
    if (start < chunk.length) partial.push(chunk.subarray(start));
  }
  const last = Buffer.concat(partial);
  if (last.length > 0) yield { text: last.toString(), end: end + last.length };
}
