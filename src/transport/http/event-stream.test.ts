import { describe, expect, it } from 'vitest';
import { createEventStreamReader } from './event-stream.ts';

function read(...pieces: string[]): string[] {
  const reader = createEventStreamReader(100);
  return pieces.flatMap((piece) => reader.take(piece));
}

describe('an event stream', () => {
  it.each<[string, string, string[]]>([
    ['one event', 'data: a\n\n', ['a']],
    ['several lines of data', 'data: a\ndata: b\n\n', ['a\nb']],
    ['no space, or two', 'data:a\n\ndata:  b\n\n', ['a', ' b']],
    ['comments and other fields', ': hi\nid: 1\nevent: x\nretry: 5\nid\ndata: a\n\n', ['a']],
    ['CR LF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['an event without data', 'event: x\n\n\n\ndata: a\n\n', ['a']],
    ['empty data', 'data\n\ndata:\n\n', ['', '']],
    ['a truncated event', 'data: a\n\ndata: b\n', ['a']],
  ])('reads %s, wherever it is split', (_name, text, events) => {
    expect(read(text)).toEqual(events);
    expect(read(...text)).toEqual(events);
    for (let at = 1; at < text.length; at++) expect(read(text.slice(0, at), text.slice(at))).toEqual(events);
  });

  it.each(['<html>\n', '{"a":1}\n\n', ' data: a\n\n', 'database: a\n'])('rejects %j', (text) => {
    expect(() => read(text)).toThrow('not an event stream');
  });

  it('rejects an event that is too long, in one line or in many', () => {
    expect(() => read('data: ', 'x'.repeat(50), 'x'.repeat(50))).toThrow(RangeError);
    expect(() => read('data: 1\n'.repeat(20))).toThrow(RangeError);
    expect(read('data: 1\n\n'.repeat(20))).toHaveLength(20);
  });
});
