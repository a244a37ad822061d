import { describe, expect, it } from 'vitest';
import { createEventStreamReader } from './event-stream.ts';

function read(...pieces: string[]): string[] {
  const reader = createEventStreamReader(100);
  return pieces.flatMap((piece) => reader.take(piece));
}

describe('an event stream', () => {
  it.each<[string, string, string[]]>([
    ['one event', 'data: a\n\n', ['a']],
    ['several lines of one', 'data: a\ndata: b\n\n', ['a\nb']],
    ['no space, and two of them', 'data:a\n\ndata:  b\n\n', ['a', ' b']],
    ['comments and other fields', ': hi\nid: 1\nevent: x\nretry: 5\nid\ndata: a\n\n', ['a']],
    ['CR LF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['an event without data', 'event: x\n\n\n\ndata: a\n\n', ['a']],
    ['data that is empty', 'data\n\ndata:\n\n', ['', '']],
    ['what is cut off', 'data: a\n\ndata: b\n', ['a']],
  ])('%s, wherever it is cut', (_name, text, events) => {
    expect(read(text)).toEqual(events);
    expect(read(...text)).toEqual(events);
    for (let at = 1; at < text.length; at++) expect(read(text.slice(0, at), text.slice(at))).toEqual(events);
  });

  it.each(['<html>\n', '{"a":1}\n\n', ' data: a\n\n', 'database: a\n'])('is not %j', (text) => {
    expect(() => read(text)).toThrow('no event stream');
  });

  it('ends with an event that is too long, in one line or in many', () => {
    expect(() => read('data: ', 'x'.repeat(50), 'x'.repeat(50))).toThrow(RangeError);
    expect(() => read('data: 1\n'.repeat(20))).toThrow(RangeError);
    expect(read('data: 1\n\n'.repeat(20))).toHaveLength(20);
  });
});
