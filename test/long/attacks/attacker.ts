import { setPriority } from 'node:os';
import type { AttackOrder } from './attack.ts';
import { attacks, type AttackName } from './attacks.ts';

// A low priority: the test measures the relay, so the attacker must not take processor time from the good client.
setPriority(10);

export type ToAttacker = { readonly begin: AttackName; readonly order: AttackOrder } | 'stop';
/** `did` is the number of steps that the attack made. */
export type FromAttacker = 'going' | { readonly did: number } | { readonly failed: string };

const tell = (message: FromAttacker) => void process.send?.(message);
let isStopped = true;

process.on('message', (message: ToAttacker) => {
  if (message === 'stop') isStopped = true;
  else void run(message.begin, message.order);
});

async function run(name: AttackName, order: AttackOrder): Promise<void> {
  let count = 0;
  isStopped = false;
  const did = () => {
    if (++count === 1) tell('going');
  };
  try {
    await attacks[name](order, () => isStopped, did);
    tell({ did: count });
  } catch (error) {
    tell({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
