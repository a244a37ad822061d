import { expect, it } from 'vitest';
import { type ErasureCertificate } from '@MaiaOS/kernel';
import { erasedText, previewText } from './erase-text.ts';

const preview = { relay: 'wss://relay/sync', coValues: 12, transactions: 40, bytes: 34_000 };
const list = { id: 'co_zG', why: 'It has another member.' };
/** Others need them: the account’s, and that of a group. */
const headers = ['co_zMe', 'co_zH'].map((id) => ({
  id,
  why: 'Only the header stays.',
  withoutContent: true as const,
}));

it('names what is erased, what stays, and what nobody can erase', () => {
  const text = previewText([{ ...preview, kept: [list, ...headers], backupDays: null }]);
  expect(text[0]).toContain('for good: 34 kB in all.');
  expect(text[1]).toContain('One list that you share stays');
  expect(text[2]).toContain('other devices');
  expect(text[3]).toContain('may keep backups');
  const left = previewText([{ ...preview, kept: headers, backupDays: null }]);
  expect(left[1]).toContain('lists of others stays');
  const alone = previewText([{ ...preview, kept: [], backupDays: 30 }]);
  expect(alone[1]).toContain('nothing of yours stays');
  expect(alone[3]).toContain('for 30 days');
});

it('says what was erased, and until when backups have it', () => {
  const certificate = {
    typ: 'maia-erasure/1',
    ...{ relay: 'signer_z', storageID: 's', appID: null, accountID: 'co_zMe' },
    ...{ askedAt: '', doneAt: '', erased: { coValues: 1, transactions: 1, bytes: 1 }, kept: [] },
    backupsUntil: '2027-01-31T00:00:00.000Z',
  } satisfies ErasureCertificate as ErasureCertificate;
  const one = { relay: 'wss://relay/sync', signature: 'signature_z', certificate };
  expect(erasedText([one])).toContain('gone by 2027-01-31');
  expect(erasedText([{ ...one, certificate: { ...certificate, backupsUntil: null } }])).toContain('may keep');
  expect(erasedText([])).toContain('No relay had it');
});
