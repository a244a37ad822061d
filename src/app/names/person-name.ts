import { createKernelError } from '../../base/kernel-error.ts';

/** Characters as people count them: an emoji of several code points is one. */
const maxCharacters = 100;
/** An emoji takes at most 35, and a character with its accents fewer. */
const maxBytes = 4_000;

/** Controls, and what would change the direction of the text after the name. */
const forbidden = /(?!\s)[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;
/** Some of what Unicode does not call ignorable is drawn as nothing: an empty Braille cell, an empty note, marks of layout. */
const visible =
  /[^\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Cc}\u2800\ufff9-\ufffb\u{13430}-\u{1343f}\u{1d159}]/u;

/**
 * Returns the name for an account: on one line, without spaces at its ends; empty if nothing of it can be seen. Throws
 * VALUE_TOO_LARGE, or a TypeError if it is no string.
 */
export function toName(text: unknown): string {
  if (typeof text !== 'string')
    throw new TypeError('The name is not a string. Pass a string; an empty one removes the name.');
  const name = clean(text);
  if (isShort(name)) return name;
  const bytes = bytesOf(name);
  throw createKernelError(
    'VALUE_TOO_LARGE',
    `A name has at most ${maxCharacters} characters and ${maxBytes} bytes. Nothing was changed. Ask for a shorter one.`,
    { details: { bytes, limitBytes: maxBytes } },
  );
}

/** Returns the name that an account has written: empty if it has removed it, undefined if it does not count. */
export function parseName(value: unknown): string | undefined {
  // No name of another length would fit, and the rest takes time.
  if (typeof value !== 'string' || value.length > maxBytes) return undefined;
  const name = clean(value);
  return isShort(name) ? name : undefined;
}

function clean(text: string): string {
  const name = text.replace(forbidden, '').replace(/\s+/g, ' ').trim();
  return visible.test(name) ? name : '';
}

function isShort(name: string): boolean {
  if (name.length > maxBytes || bytesOf(name) > maxBytes) return false;
  // A character has at least one unit; counting characters takes longer.
  return name.length <= maxCharacters || [...new Intl.Segmenter().segment(name)].length <= maxCharacters;
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
