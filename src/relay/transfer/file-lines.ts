import { createReadStream } from 'node:fs';

export interface Line {
  /** Without its end. */
  readonly text: string;
  /** Where the next line begins, in bytes. */
  readonly end: number;
}

const lineFeed = 10;

/** Lines that end in a line feed and in nothing else, from a byte on at which one begins. The last one may lack its end. */
export async function* readLines(file: string, from = 0): AsyncGenerator<Line> {
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { start: from, highWaterMark: 1 << 20 });
  let begun: Buffer[] = [];
  let end = from;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, start)) {
      const line = Buffer.concat([...begun, chunk.subarray(start, at)]);
      begun = [];
      start = at + 1;
      end += line.length + 1;
      yield { text: line.toString(), end };
    }
    if (start < chunk.length) begun.push(chunk.subarray(start));
  }
  const last = Buffer.concat(begun);
  if (last.length > 0) yield { text: last.toString(), end: end + last.length };
}
