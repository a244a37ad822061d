import { dayWords } from '../account/day-words.ts';
import { type MemberView } from '../model/group-members.ts';

export interface MemberWords {
  readonly name: string;
  readonly about: string;
  readonly may: string;
}

/** Numbers are long; their ends are what two people compare. */
const shownEnd = 6;

export function memberWords({ accountID, isMe, may, sinceMs }: MemberView, nowMs: number): MemberWords {
  const since = sinceMs === undefined ? undefined : dayWords(sinceMs, nowMs);
  return {
    name: isMe ? 'You' : `Account …${accountID.slice(-shownEnd)}`,
    about: since === undefined ? '' : may === 'manage' ? `made it ${since}` : `joined ${since}`,
    may: may === 'manage' ? 'Manages it' : may === 'change' ? 'Can change' : 'Can read',
  };
}
