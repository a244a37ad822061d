import { afterEach, describe, expect, it } from 'vitest';
import { findInvite, isCutOff, takeInvite } from './address.ts';

const id = 'co_zT9hQm2VbXw7aaaaaaaaaaa';
const secret = `inviteSecret_z${'Kd83pQvLr5'.repeat(5)}`.slice(0, 57);
const before = location.href;

/** Opens the page at this address, without loading it again. */
function open(hash: string) {
  history.replaceState(null, '', `?x=1${hash}`);
}
afterEach(() => history.replaceState(null, '', before));

describe('a share link in the address bar', () => {
  it.each([`#/invite/${id}/${secret}`, `#join/${id}/${secret.replace('inviteSecret_z', '')}`])(
    'is removed from it: %s',
    (hash) => {
      open(hash);
      expect(takeInvite()).toEqual({ id, secret });
      expect([location.search, location.hash]).toEqual(['?x=1', '']);
    },
  );

  it.each([`#/invite/${id}/${secret.slice(0, 40)}`, `#/invite/${id}`, `#join/${id}`])(
    'is removed even if cut off, because it may contain most of a secret: %s',
    (hash) => {
      open(hash);
      const invite = takeInvite();
      expect(invite && isCutOff(invite)).toBe(true);
      expect(location.hash).toBe('');
    },
  );

  it('is not confused with another address', () => {
    open(`#list/${id}`);
    expect(takeInvite()).toBeUndefined();
    expect(location.hash).toBe(`#list/${id}`);
  });
});

describe('a pasted text', () => {
  it('has the link of any origin, with surrounding whitespace', () => {
    const invite = findInvite(`  http://localhost:5173/#/invite/${id}/${secret}\n`);
    expect(invite).toEqual({ id, secret });
    expect(invite && isCutOff(invite)).toBe(false);
  });

  it.each(['', 'hello', 'https://lists.example/', `#list/${id}`, `#/invite/${id}/Kd83pQ<script>`])(
    'has none: %j',
    (text) => expect(findInvite(text)).toBeUndefined(),
  );
});
