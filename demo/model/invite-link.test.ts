import { describe, expect, it } from 'vitest';
import { inviteLink, looksLikeInvite, parseInviteHash, parseInviteLink } from './invite-link.ts';

const invite = { listID: 'co_zT9hQm2VbXw7aaaaaaaaaaa', secret: 'inviteSecret_zKd83pQvLr5eYtNaaaaaaaaaaa' };

describe('a share link', () => {
  it('has everything after #, without the query of the current address', () => {
    const link = inviteLink('https://lists.example/app/?from=mail#list/co_zOther', invite);
    expect(link).toBe('https://lists.example/app/#join/co_zT9hQm2VbXw7aaaaaaaaaaa/Kd83pQvLr5eYtNaaaaaaaaaaa');
    expect(link.split('#')[0]).not.toContain('Kd83');
  });

  it('is parsed from any origin and with surrounding whitespace', () => {
    expect(parseInviteLink(`  ${inviteLink('http://localhost:5173/', invite)}\n`)).toEqual(invite);
  });

  it.each([
    '',
    'hello',
    'https://lists.example/',
    '#join',
    '#join/co_zT9hQm2VbXw7aaaaaaaaaaa',
    '#list/co_zT9hQm2VbXw7aa',
  ])('is not found in %j', (text) => expect(parseInviteLink(text)).toBeUndefined());

  it.each([
    '#join/co_zT9hQm2VbXw7aaaaaaaaaaa/Kd83pQvLr5eYtN<script>',
    '#join/../../Kd83pQvLr5eYtNaaaaaaaaaaa',
  ])('is refused if malformed: %j', (hash) => expect(parseInviteHash(hash)).toBeUndefined());

  it('is still recognised if truncated, so that the app can explain it', () => {
    expect(looksLikeInvite('#join/co_zT9hQm2')).toBe(true);
    expect(looksLikeInvite('#list/co_zT9hQm2')).toBe(false);
  });
});
