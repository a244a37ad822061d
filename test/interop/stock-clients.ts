import { parentPort, workerData } from 'node:worker_threads';
import { LocalNode } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { createDice, takeChanceFrom } from '../simulation/random.ts';
import { createClientCalls, type ClientCalls } from './client-commands.ts';
import { takeClock } from './take-clock.ts';

/** The script of a thread with stock clients. Nothing here imports the kernel, whose rules change all nodes of a thread. */
const { seed, startMs } = workerData as { readonly seed: number; readonly startMs: number };
const clock = takeClock(startMs);
// Otherwise both threads would make the same keys.
takeChanceFrom(createDice(seed + 1_000_000));
const crypto = await WasmCrypto.create();

const calls = createClientCalls({
  async create() {
    const { node, accountID, accountSecret } = await LocalNode.withNewlyCreatedAccount({
      creationProps: { name: 'Ana' },
      crypto,
    });
    return { node, person: { accountID, agentSecret: accountSecret } };
  },
  openNode: ({ accountID, agentSecret }, sessionID) =>
    Promise.resolve(new LocalNode(agentSecret, sessionID ?? crypto.newRandomSessionID(accountID), crypto)),
  admit: (_node, content) => content,
});

export interface Call {
  readonly name: keyof ClientCalls;
  readonly nowMs: number;
  readonly values: readonly unknown[];
}

parentPort?.on('message', ({ name, nowMs, values }: Call) => {
  clock.set(nowMs);
  const call = calls[name] as (...values: readonly unknown[]) => Promise<unknown>;
  call(...values).then(
    (value) => parentPort?.postMessage({ value }),
    (error: unknown) => parentPort?.postMessage({ error }),
  );
});
