import { expect, test } from 'vitest';
import { inertType } from './file-type.ts';

test.each([
  ['image/png', 'image/png'],
  ['IMAGE/JPEG', 'image/jpeg'],
  ['video/webm', 'video/webm'],
  ['text/plain; charset=UTF-8', 'text/plain;charset=utf-8'],
  ['application/pdf', 'application/pdf'],
])('[FILE-7] a blob keeps the type %j', (type, kept) => {
  expect(inertType(type)).toBe(kept);
});

// Of a list, browsers take the last type.
test.each([
  ...[
    'text/html',
    'TEXT/HTML',
    'text/html;charset=utf-8',
    'application/xhtml+xml',
    'image/svg+xml',
    'text/xml',
  ],
  ...['application/xml', 'text/javascript', 'video/x+xml', 'multipart/related', 'message/rfc822'],
  ...['text/plain, text/html', 'video/mp4,text/html', 'image/png\ntext/html', 'text/plain;charset=utf-7'],
  ...['', 'png', ' image/png', 'image/png;x'],
])('[FILE-7] a blob has no type that could run scripts, for %j', (type) => {
  expect(inertType(type)).toBe('application/octet-stream');
});
