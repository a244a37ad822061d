import { expect, it } from 'vitest';
import { type MemberView } from '../model/group-members.ts';
import { memberWords } from './member-text.ts';

const nowMs = new Date('2026-11-20T09:00:00').getTime();
const member: MemberView = {
  accountID: 'co_zT9hQm2VbXw7KdPqRsT',
  isMe: false,
  name: undefined,
  may: 'change',
  sinceMs: nowMs,
  canRemove: true,
};

it('somebody else is known by the end of the number, the day, and what they may do', () => {
  expect(memberWords(member, nowMs)).toEqual({
    name: 'Account …dPqRsT',
    about: 'joined today',
    may: 'Can change',
  });
  expect(memberWords({ ...member, may: 'read', sinceMs: undefined }, nowMs)).toMatchObject({
    about: '',
    may: 'Can read',
  });
});

it('who says a name is called that, and is still told from another of the same', () => {
  expect(memberWords({ ...member, name: 'Mara' }, nowMs)).toMatchObject({
    name: 'Mara',
    about: '…dPqRsT, joined today',
  });
  expect(memberWords({ ...member, name: 'Mara', isMe: true }, nowMs).name).toBe('Mara (you)');
});

it('who made the list did not join it', () => {
  expect(memberWords({ ...member, isMe: true, may: 'manage' }, nowMs)).toEqual({
    name: 'You',
    about: 'made it today',
    may: 'Manages it',
  });
});
