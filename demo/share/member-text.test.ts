import { expect, it } from 'vitest';
import { type MemberView } from '../model/group-members.ts';
import { memberText } from './member-text.ts';

const nowMs = new Date('2026-11-20T09:00:00').getTime();
const member: MemberView = {
  accountID: 'co_zT9hQm2VbXw7KdPqRsT',
  isMe: false,
  name: undefined,
  may: 'change',
  sinceMs: nowMs,
  canRemove: true,
};

it('describes another member by account ID, join date and role', () => {
  expect(memberText(member, nowMs)).toEqual({
    name: 'Account …dPqRsT',
    about: 'joined today',
    may: 'Can change',
  });
  expect(memberText({ ...member, may: 'read', sinceMs: undefined }, nowMs)).toMatchObject({
    about: '',
    may: 'Can read',
  });
});

it('adds the account ID to a member’s chosen name', () => {
  expect(memberText({ ...member, name: 'Mara' }, nowMs)).toMatchObject({
    name: 'Mara',
    about: '…dPqRsT, joined today',
  });
  expect(memberText({ ...member, name: 'Mara', isMe: true }, nowMs).name).toBe('Mara (you)');
});

it('shows that a manager created the list', () => {
  expect(memberText({ ...member, isMe: true, may: 'manage' }, nowMs)).toEqual({
    name: 'You',
    about: 'created it today',
    may: 'Can manage',
  });
});
