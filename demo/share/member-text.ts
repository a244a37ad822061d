import { dayWords } from '../account/format-day.ts';
import { type MemberView } from '../model/group-members.ts';

export interface MemberWords {
  readonly name: string;
  readonly about: string;
  readonly may: string;
}

/** Numbers are long; their ends are what two people compare. */
const shownEnd = 6;

export function memberWords({ accountID, isMe, name, may, sinceMs }: MemberView, nowMs: number): MemberWords {
  const number = `…${accountID.slice(-shownEnd)}`;
  const day = sinceMs === undefined ? undefined : dayWords(sinceMs, nowMs);
  const since = day === undefined ? [] : [`${may === 'manage' ? 'made it' : 'joined'} ${day}`];
  return {
    name: isMe ? (name === undefined ? 'You' : `${name} (you)`) : (name ?? `Account ${number}`),
    // Two may call themselves the same.
    about: (name === undefined ? since : [number, ...since]).join(', '),
    may: may === 'manage' ? 'Manages it' : may === 'change' ? 'Can change' : 'Can read',
  };
}
