import { setTimeout as wait } from 'node:timers/promises';
import type { LocalNode, RawCoMap, RawGroup } from 'cojson';
import { addStockPeer, createClientNode } from '../../support/relay/stock-client.ts';
import { createLedger } from '../ledger.ts';

/** A stock client that makes its next edit after an acknowledgement. */
export interface Worker {
  readonly node: LocalNode;
  readonly map: RawCoMap;
  /** Keeps `inFlight` edits unacknowledged for this time. Resolves with the number acknowledged. */
  work(forMs: number): Promise<number>;
  close(): Promise<void>;
}

export async function createWorker(url: string, inFlight: number): Promise<Worker> {
  const node = await createClientNode();
  const group: RawGroup = node.createGroup();
  group.addMember('everyone', 'writer');
  const map = group.createMap();
  const ledger = createLedger();
  const socket = addStockPeer(node, url);
  const key = `${map.id}/${node.currentSessionID}`;
  const acknowledged = () => ledger.counts.get(key) ?? 0;
  let made = 0;
  let isWorking = false;
  let ended: string | undefined;

  function fill(): void {
    while (isWorking && made - acknowledged() < inFlight) map.set(`key${made % 10}`, ++made, 'trusting');
  }

  socket.on('message', (data: Buffer) => {
    ledger.read(data.toString('utf8'));
    fill();
  });
  socket.on('close', (code) => (ended = `The relay let the good client go, with ${code}.`));
  return {
    node,
    map,
    async work(forMs) {
      const before = acknowledged();
      isWorking = true;
      fill();
      await wait(forMs);
      isWorking = false;
      if (ended !== undefined) throw new Error(ended);
      return acknowledged() - before;
    },
    async close() {
      socket.terminate();
      await node.gracefulShutdown();
    },
  };
}
