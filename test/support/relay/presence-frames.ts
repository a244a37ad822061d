import type { RawClient } from './raw-client.ts';

const sessionOf = (name: string, accountID = 'co_zPerson') => `${accountID}_session_z${name}`;

/** A frame of the right form, whose seal and signature no relay checks. */
export function state(id: string, name: string, atMs = 1, accountID?: string): object & { from: string } {
  return {
    ...{ maia: 'presence', id, from: sessionOf(name, accountID), key: 'key_zK', atMs },
    ...{ data: 'AAAA', signature: `signature_z${'1'.repeat(86)}` },
  };
}

export function gone(id: string, name: string, accountID?: string): object {
  return { maia: 'presence', id, from: sessionOf(name, accountID), gone: true };
}

export function presenceOf({ received }: RawClient): readonly Record<string, unknown>[] {
  return received.filter(({ maia }) => maia === 'presence');
}

/** The names of those that the client has received frames of, in their order; with a minus for `gone`. */
export function spoken(client: RawClient): readonly string[] {
  return presenceOf(client).map(({ from, gone: isGone }) => {
    const name = String(from).slice(String(from).lastIndexOf('_z') + 2);
    return isGone === true ? `-${name}` : name;
  });
}
