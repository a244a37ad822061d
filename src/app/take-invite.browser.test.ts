import { afterEach, describe, expect, test } from 'vitest';
import { takeInvite } from './take-invite.ts';

const before = location.href;
afterEach(() => history.replaceState(null, '', before));

const id = 'co_zT9hQm2VbXw7aaaaaaaaaaa';
const secret = 'inviteSecret_zKd83pQvLr5eYtNaaaaaaaaaaa';

function visit(hash: string): void {
  history.replaceState({ scroll: 7 }, '', `?theme=dark${hash}`);
}

describe('[SHARE-1] takeInvite', () => {
  test.each(['/invite', '/list/invite', '/invite/note'])(
    'takes the invite out of the address, and leaves its query and state: #%s',
    (path) => {
      visit(`#${path}/${id}/${secret}`);
      expect(takeInvite()).toEqual({ id, secret });
      expect(location.href).not.toContain('#');
      expect(location.search).toBe('?theme=dark');
      expect(history.state).toEqual({ scroll: 7 });
      expect(takeInvite()).toBeUndefined();
    },
  );

  test('takes an invite that is cut off, so that acceptInvite explains it', () => {
    visit(`#/invite/${id}`);
    expect(takeInvite()).toEqual({ id, secret: '' });
    expect(location.hash).toBe('');
  });

  test('takes it again out of an address that a router puts back, and not out of one that the user opens', () => {
    const hash = `#/invite/${id}/${secret}`;
    visit(hash);
    takeInvite();
    for (let count = 0; count < 2; count++) {
      history.replaceState({ scroll: 8 }, '', hash);
      expect(location.hash).toBe('');
      expect(history.state).toEqual({ scroll: 8 });
    }
    location.hash = hash;
    expect(takeInvite()).toEqual({ id, secret });
    expect(location.hash).toBe('');
  });

  test('leaves it in an address that the app opens again after another page', () => {
    visit(`#/invite/${id}/${secret}`);
    takeInvite();
    visit('#/lists');
    visit(`#/invite/${id}/${secret}`);
    expect(takeInvite()).toEqual({ id, secret });
  });

  test.each(['', '#/lists', '#/invite', '#/invite/friends', '#/invite/friends/3'])(
    'leaves what is no invite: %j',
    (hash) => {
      visit(hash);
      expect(takeInvite()).toBeUndefined();
      expect(location.hash).toBe(hash);
    },
  );
});
