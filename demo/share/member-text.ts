import { formatDay } from '../account/format-day.ts';
import { type MemberView } from '../model/group-members.ts';

export interface MemberText {
  readonly name: string;
  readonly about: string;
  readonly may: string;
}

/** Account IDs are long, so show only the end. */
const shownEnd = 6;

export function memberText({ accountID, isMe, name, may, sinceMs }: MemberView, nowMs: number): MemberText {
  const number = `…${accountID.slice(-shownEnd)}`;
  const day = sinceMs === undefined ? undefined : formatDay(sinceMs, nowMs);
  const since = day === undefined ? [] : [`${may === 'manage' ? 'created it' : 'joined'} ${day}`];
  return {
    name: isMe ? (name === undefined ? 'You' : `${name} (you)`) : (name ?? `Account ${number}`),
    // Names are not unique.
    about: (name === undefined ? since : [number, ...since]).join(', '),
    may: may === 'manage' ? 'Can manage' : may === 'change' ? 'Can change' : 'Can read',
  };
}
