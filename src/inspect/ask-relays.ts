import { createKernelError } from '../base/kernel-error.ts';
import { isCoValueID } from '../wire/ids.ts';
import type { RelayAnswer, RelayAsks } from './relay-asks.ts';
import type { Relay } from './snapshot.ts';

/** One CoValue, of all relays at a time. Rejects with MESSAGE_INVALID for what is not the ID of a CoValue. */
export async function askRelays(
  id: string,
  relays: readonly Relay[],
  asks: RelayAsks,
): Promise<readonly RelayAnswer[]> {
  if (!isCoValueID(id)) {
    throw createKernelError(
      'MESSAGE_INVALID',
      `“${id.slice(0, 80)}” is not the ID of a CoValue, so no relay was asked for it. Check where it comes from.`,
    );
  }
  return Promise.all(
    relays.map(async ({ id: relayID, host: relay }) => ({
      relayID,
      relay,
      ...(await asks.ask(relayID, id)),
    })),
  );
}
