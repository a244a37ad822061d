import { describe, expect, it } from 'vitest';
import { inviteLink, looksLikeInvite, parseInviteHash, parseInviteLink } from './invite-link.ts';

const invite = { listID: 'co_zT9hQm2VbXw7aaaaaaaaaaa', secret: 'inviteSecret_zKd83pQvLr5eYtNaaaaaaaaaaa' };

describe('a share link', () => {
  it('says everything after #, and drops what the address carried besides', () => {
    const link = inviteLink('https://lists.example/app/?from=mail#list/co_zOther', invite);
    expect(link).toBe('https://lists.example/app/#join/co_zT9hQm2VbXw7aaaaaaaaaaa/Kd83pQvLr5eYtNaaaaaaaaaaa');
    expect(link.split('#')[0]).not.toContain('Kd83');
  });

  it('is read from whatever address it came, with the blanks that a paste brings', () => {
    expect(parseInviteLink(`  ${inviteLink('http://localhost:5173/', invite)}\n`)).toEqual(invite);
  });

  it.each([
    '',
    'hello',
    'https://lists.example/',
    '#join',
    '#join/co_zT9hQm2VbXw7aaaaaaaaaaa',
    '#list/co_zT9hQm2VbXw7aa',
  ])('is not seen in %j', (text) => expect(parseInviteLink(text)).toBeUndefined());

  it.each([
    '#join/co_zT9hQm2VbXw7aaaaaaaaaaa/Kd83pQvLr5eYtN<script>',
    '#join/../../Kd83pQvLr5eYtNaaaaaaaaaaa',
  ])('of wrong form is refused: %j', (hash) => expect(parseInviteHash(hash)).toBeUndefined());

  it('that was cut off still looks like one, so that it can be explained', () => {
    expect(looksLikeInvite('#join/co_zT9hQm2')).toBe(true);
    expect(looksLikeInvite('#list/co_zT9hQm2')).toBe(false);
  });
});
