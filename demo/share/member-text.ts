import { type Member } from '@MaiaOS/kernel';

type Named = Pick<Member, 'accountID' | 'isMe' | 'name'>;

/** Account IDs are long, so show only the end. Names are not unique, so show it beside them, too. */
export function shortID({ accountID }: Pick<Member, 'accountID'>): string {
  return `…${accountID.slice(-6)}`;
}

export function displayName(member: Named): string {
  const { name, isMe } = member;
  if (isMe) return name === undefined ? 'You' : `${name} (you)`;
  return name ?? `Account ${shortID(member)}`;
}

/** One or two characters for a small circle: the initials of the name, or else the end of the account ID. */
export function initials({ name, accountID }: Pick<Named, 'name' | 'accountID'>): string {
  if (name === undefined) return accountID.slice(-2);
  const words = name.split(' ');
  const [first = '', last = ''] = [words[0], words.length > 1 ? words.at(-1) : ''].map(
    (word) => [...(word ?? '')][0],
  );
  return (first + last).toUpperCase();
}

/** The same for an account on every device, in degrees. */
export function hueOf({ accountID }: Pick<Member, 'accountID'>): number {
  return [...accountID].reduce((hue, letter) => (hue * 31 + letter.charCodeAt(0)) % 360, 0);
}

export const rights: Readonly<Record<Member['role'], string>> = {
  admin: 'Can manage',
  manager: 'Can manage',
  writer: 'Can change',
  reader: 'Can read',
  writeOnly: 'Can add',
};
