import { expect, test } from 'vitest';
import { readInvite } from './read-invite.ts';

test('[SHARE-4] a long text that holds the beginnings of many links is refused at once', () => {
  const text = `${'#/invite/co_'.repeat(100_000)}\n.`;
  // Reading on from each of them would take minutes.
  expect(() => readInvite(text)).toThrow(
    expect.objectContaining({ code: 'INVITE_INVALID', details: { reason: 'form' } }),
  );
});

test('[SHARE-4] a link with another line after it was edited', () => {
  const link = 'https://app.example/#/invite/co_zGroup/inviteSecret_z2\nSee you there!';
  expect(() => readInvite(link)).toThrow(/edited/);
});
